/** What an application needs of its database: the four rights on rows, and no more. Users of their own on the real servers show it. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { runCli } from '../src/cli/run'
import { activity, EddaApp, workflow } from '../src/index'
import { mysqlServer, postgresqlServer, type TestDatabase } from './databases'

const postgresql = await postgresqlServer()
const mysql = await mysqlServer()
const password = 'a-secret'
const cleaning: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

const charge = activity('charge', async (ctx, amount: number) => {
  ctx.sendEventTransactional('order.charged', '/shop', { amount })
  return amount * 2
})
const order = workflow('order', async (ctx, input: { ref: string; amount: number }) => {
  await ctx.subscribe('news')
  await ctx.sleep('5ms')
  await ctx.publish('news', { ref: input.ref })
  const news = await ctx.receive<{ ref: string }>('news')
  return { charged: await charge(ctx, input.amount), heard: news.data.ref }
})

function asUser(place: TestDatabase, user: string): string {
  const url = new URL(place.url)
  url.username = user
  url.password = password
  return url.href
}

async function place(server: typeof postgresql): Promise<TestDatabase> {
  const made = await server.create()
  cleaning.push(() => made.drop())
  return made
}

async function postgresqlUser(database: TestDatabase): Promise<string> {
  const user = `edda_app_${randomBytes(4).toString('hex')}`
  await database.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
  cleaning.push(() => database.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`))
  return user
}

async function mysqlUser(database: TestDatabase): Promise<string> {
  const user = `edda_app_${randomBytes(4).toString('hex')}`
  const name = new URL(database.url).pathname.slice(1)
  await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`)
  cleaning.push(() => database.query(`DROP USER '${user}'@'%'`))
  await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.* TO '${user}'@'%'`)
  return user
}

async function edda(...args: string[]): Promise<{ readonly exitCode: number; readonly said: string }> {
  let said = ''
  const note = (text: string) => {
    said += text
  }
  return { exitCode: await runCli(args, { env: {}, out: note, error: note }), said }
}

async function opened(dbUrl: string, options: { readonly autoMigrate?: boolean; readonly warnings?: string[] } = {}) {
  const { warnings = [], ...rest } = options
  const warn = (...args: unknown[]) => void warnings.push(args.map(String).join(' '))
  const logger = { debug() {}, info() {}, warn, error: warn }
  const app = new EddaApp({ serviceName: 'rights', dbUrl, workflows: [order], logger, ...rest })
  cleaning.push(() => app.shutdown())
  await app.initialize()
  return app
}

/** Every table is written: an instance through a timer, a message and an activity, with an event in and an event out; then it is found. */
async function worksOn(app: EddaApp): Promise<void> {
  const handle = await app.start(order, { ref: 'R-1', amount: 21 }, { instanceId: 'order-Abcdef-1' })
  await app.handleCloudEvent({ specversion: '1.0', type: 'order.placed', source: '/shop', id: 'e-1', data: {} })
  expect(await handle.result()).toEqual({ charged: 42, heard: 'R-1' })
  for (const filter of [{ instanceId: 'bcDEF' }, { inputFilters: { ref: 'R-1' } }])
    expect((await app.findInstances(filter)).instances.map(({ instanceId }) => instanceId)).toEqual(['order-Abcdef-1'])
}

const cases = [
  {
    server: postgresql,
    createUser: postgresqlUser,
    async grant(database: TestDatabase, user: string) {
      await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${user};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${user}`)
    },
  },
  { server: mysql, createUser: mysqlUser, grant: async () => {} },
]

for (const { server, createUser, grant } of cases)
  describe.skipIf(server.missing)(`a user without rights to change the schema, on ${server.name}`, () => {
    test('runs the application once somebody else has migrated, checking or not', async () => {
      const database = await place(server)
      const user = await createUser(database)
      expect(await edda('migrate', '--db-url', database.url)).toMatchObject({ exitCode: 0 })
      await grant(database, user)
      const url = asUser(database, user)
      expect(await edda('migrate', '--check', '--db-url', url)).toMatchObject({ exitCode: 0 })
      await worksOn(await opened(url, { autoMigrate: false }))
      await (await opened(url)).shutdown()
    })

    test('is told what to do where nobody has', async () => {
      const database = await place(server)
      const user = await createUser(database)
      const url = asUser(database, user)
      await expect(opened(url)).rejects.toThrow(/lacks rights: .* run `npx edda migrate --db-url …` once as that user/)
      await expect(opened(url, { autoMigrate: false })).rejects.toThrow('autoMigrate is off. Run `npx edda migrate')
      const { exitCode, said } = await edda('migrate', '--db-url', url)
      expect([exitCode, said.includes(password)]).toEqual([1, false])
    })
  })

describe.skipIf(postgresql.missing)('a user who may create tables and no extension', () => {
  test('has all but the index for parts of ids, which the application says once', async () => {
    const database = await place(postgresql)
    const user = await postgresqlUser(database)
    await database.query(`GRANT CREATE ON SCHEMA public TO ${user}`)
    const warnings: string[] = []
    await worksOn(await opened(asUser(database, user), { warnings }))
    expect(warnings).toEqual([
      expect.stringContaining('has no index workflow_search_id (it needs the extension pg_trgm)'),
    ])
  })

  test('has it where the extension is there already, in whatever schema', async () => {
    const database = await place(postgresql)
    const user = await postgresqlUser(database)
    await database.query(`CREATE SCHEMA tools; CREATE EXTENSION pg_trgm SCHEMA tools; GRANT USAGE ON SCHEMA tools TO ${user};
      GRANT CREATE ON SCHEMA public TO ${user}`)
    const warnings: string[] = []
    await worksOn(await opened(asUser(database, user), { warnings }))
    expect(warnings).toEqual([])
  })
})
