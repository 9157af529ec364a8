import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import Libsql from 'libsql'
import { describe, expect, onTestFinished, test } from 'vitest'
import { mysqlServer, postgresqlServer } from '../../test/databases'
import { temporaryFolder } from '../../test/temporary'
import { runCli } from './run'

async function edda(args: readonly string[], env: Record<string, string> = {}) {
  let [out, error] = ['', '']
  const exitCode = await runCli(args, {
    env,
    out: (text) => {
      out += text
    },
    error: (text) => {
      error += text
    },
  })
  return { exitCode, out, error }
}

const servers = [await postgresqlServer(), await mysqlServer()]
const places = [
  { name: 'SQLite', missing: undefined, create: async () => `file:${path.join(temporaryFolder(), 'edda.db')}` },
  ...servers.map((server) => ({
    name: server.name,
    missing: server.missing,
    async create() {
      const place = await server.create()
      onTestFinished(() => place.drop())
      return place.url
    },
  })),
]

describe.each(places)('edda migrate on $name', ({ missing, create }) => {
  test.skipIf(missing)('looks, applies, and finds nothing more to do', async () => {
    const url = await create()
    const missingOnes = { exitCode: 3, out: expect.stringMatching(/ lacks 0_init\n$/), error: '' }
    expect(await edda(['migrate', '--check', '--db-url', url])).toEqual(missingOnes)
    expect(await edda(['migrate', '--check', '--db-url', url])).toEqual(missingOnes)
    expect(await edda(['migrate'], { EDDA_DB_URL: url })).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/: applied 0_init\n$/),
    })
    const nothing = { exitCode: 0, out: expect.stringMatching(/: nothing is missing\n$/), error: '' }
    expect(await edda(['migrate', '--db-url', url])).toEqual(nothing)
    expect(await edda(['migrate', '--check', '--db-url', url])).toEqual(nothing)
    expect(await edda(['migrate', '--print', '--db-url', url])).toEqual({ exitCode: 0, out: '', error: '' })
  })

  test.skipIf(missing)('answers in JSON, without the password', async () => {
    const url = await create()
    const json = async (...more: string[]) =>
      JSON.parse((await edda(['migrate', '--json', '--db-url', url, ...more])).out)
    expect(await json('--check')).toEqual({ database: expect.any(String), applied: [], pending: ['0_init'] })
    expect(await json()).toEqual({ database: expect.any(String), applied: ['0_init'], pending: [] })
  })
})

describe('edda migrate --print', () => {
  test('what it prints, applied by hand, is what the application looks for', async () => {
    const file = path.join(temporaryFolder(), 'edda.db')
    const { out } = await edda(['migrate', '--print', '--db-url', `file:${file}`])
    expect(existsSync(file)).toBe(false)
    const db = new Libsql(file)
    db.exec(out)
    db.close()
    expect(await edda(['migrate', '--check', '--db-url', `file:${file}`])).toMatchObject({ exitCode: 0 })
  })

  for (const server of servers)
    test.skipIf(server.missing)(`the same on ${server.name}`, async () => {
      const place = await server.create()
      onTestFinished(() => place.drop())
      const { out } = await edda(['migrate', '--print', '--db-url', place.url])
      await place.query(out)
      expect(await edda(['migrate', '--check', '--db-url', place.url])).toMatchObject({ exitCode: 0 })
    })
})

describe('edda', () => {
  test.each([
    [['--help'], 0],
    [[], 0],
    [['migrate', '-h'], 0],
    [['migrate'], 2],
    [['deploy'], 2],
    [['--check'], 2],
    [['migrate', 'now', '--db-url', ':memory:'], 2],
    [['migrate', '--force', '--db-url', ':memory:'], 2],
    [['migrate', '--check', '--print', '--db-url', ':memory:'], 2],
  ])('%j says how it is used: exit code %i', async (args, exitCode) => {
    const said = await edda(args)
    expect(said.exitCode).toBe(exitCode)
    expect(exitCode === 0 ? said.out : said.error).toContain('usage: edda migrate')
  })

  test('what is wrong with a database is said in words, or in JSON', async () => {
    const dbUrl = 'redis://user:s3cret@host/db'
    const reason = "dbUrl 'redis://user:***@host/db' is of no supported database"
    expect(await edda(['migrate', '--db-url', dbUrl])).toMatchObject({
      exitCode: 1,
      out: '',
      error: expect.stringContaining(reason),
    })
    const { exitCode, out } = await edda(['migrate', '--json', '--db-url', dbUrl])
    expect([exitCode, JSON.parse(out)]).toEqual([
      1,
      { error: { code: 'CONFIGURATION', message: expect.stringContaining(reason) } },
    ])
  })

  test('a newer schema is refused and left alone', async () => {
    const file = path.join(temporaryFolder(), 'edda.db')
    await edda(['migrate', '--db-url', `file:${file}`])
    const db = new Libsql(file)
    db.exec(`INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '20990101000000_future')`)
    db.close()
    for (const how of [[], ['--check'], ['--print']])
      expect(await edda(['migrate', ...how, '--db-url', `file:${file}`])).toMatchObject({
        exitCode: 1,
        error: expect.stringContaining('which this version of @edda/engine does not know'),
      })
  })

  test('the command ends with the exit code', () => {
    const script = fileURLToPath(new URL('../cli.ts', import.meta.url))
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', script, 'migrate', '--check', '--db-url', ':memory:'],
      { encoding: 'utf8' },
    )
    expect([status, stdout]).toEqual([3, ':memory: lacks 0_init\n'])
  })
})
