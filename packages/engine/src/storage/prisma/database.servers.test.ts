import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { mysqlServer, postgresqlServer, type TestDatabase } from '../../../test/databases'
import { ConfigurationError, DatabaseError } from '../../model/errors'
import { createDatabase } from './client'
import type { Database, Sql } from './database'
import { bool, bytesOrNull, num, text } from './values'

const servers = [await postgresqlServer(), await mysqlServer()]

for (const server of servers)
  describe.skipIf(server.missing)(server.name, () => {
    let place: TestDatabase
    beforeAll(async () => {
      place = await server.create()
      const database = await open()
      await database.transaction((sql) => sql.run('CREATE TABLE notes (id INT PRIMARY KEY, note TEXT)'))
      await database.close()
    })
    afterAll(() => place?.drop())

    const open = async (): Promise<Database> => {
      const database = await createDatabase({ dbUrl: place.url, poolSize: 1, maxOverflow: 3 })
      await database.open({ autoMigrate: true })
      return database
    }
    const opened = async (): Promise<Database> => {
      const database = await open()
      onTestFinished(() => database.close())
      await database.transaction((sql) => sql.run('DELETE FROM notes'))
      return database
    }
    const note = (sql: Sql, id: number, value: string) =>
      sql.run('INSERT INTO notes (id, note) VALUES (?, ?)', [id, value])
    const notes = async (database: Database) =>
      (await database.read.all('SELECT note FROM notes ORDER BY id')).map((row) => row.note)

    test('a transaction commits as a whole or not at all', async () => {
      const database = await opened()
      await database.transaction(async (sql) => {
        await note(sql, 1, 'kept')
        await note(sql, 2, 'kept too')
      })
      const failing = database.transaction(async (sql) => {
        await note(sql, 3, 'gone')
        await note(sql, 1, 'duplicate')
      })
      await expect(failing).rejects.toSatisfy((error) => database.dialect.isUnique(error))
      expect(await notes(database)).toEqual(['kept', 'kept too'])
    })

    test('work that hides a failed statement commits what succeeded, or nothing and says so', async () => {
      const database = await opened()
      await database.transaction((sql) => note(sql, 1, 'first'))
      const outcome = await database
        .transaction(async (sql) => {
          await note(sql, 2, 'second')
          await note(sql, 1, 'duplicate').catch(() => undefined)
        })
        .then(
          () => ['first', 'second'],
          () => ['first'],
        )
      expect(await notes(database)).toEqual(outcome)
      expect(outcome).toEqual(server.name === 'PostgreSQL' ? ['first'] : ['first', 'second'])
    })

    test('values are what they were, straight and through a Prisma transaction', async () => {
      const database = await opened()
      const { dialect } = database
      const payload = JSON.stringify({ text: 'a\0b\ud800"\\ 😀', deep: [1, null] })
      const rows = [{ id: 'a', seq: 12_345_678_901, flag: true, data: payload, bytes: '00ff' }, { id: 'b' }]
      const source = dialect.rows('?', { id: 'text', seq: 'bigint', flag: 'bool', data: 'text', bytes: 'bytes' }, 'x')
      const select = (sql: Sql) => sql.all(`SELECT x.* FROM ${source} ORDER BY x.id`, [JSON.stringify(rows)])
      const through = await database.interactive({ timeoutMs: 10_000 })
      const answers = [await select(database.read), await select(through.sql)]
      await through.rollback()
      for (const [full, empty] of answers) {
        expect({ id: text(full?.id), seq: num(full?.seq), flag: bool(full?.flag), data: text(full?.data) }).toEqual({
          id: 'a',
          seq: 12_345_678_901,
          flag: true,
          data: payload,
        })
        expect([...(bytesOrNull(full?.bytes) ?? [])]).toEqual([0, 255])
        expect(empty).toMatchObject({ id: 'b', seq: null, flag: null, data: null, bytes: null })
      }
    })

    test('times in milliseconds survive as parameters on both ways', async () => {
      const database = await opened()
      const at = 1_795_404_287_441
      const insert = 'INSERT INTO system_locks (name, holder, term, lease_until) VALUES (?, ?, ?, ?)'
      await database.transaction((sql) => sql.run(insert, ['straight', 'x', 1, at]))
      const through = await database.interactive({ timeoutMs: 10_000 })
      await through.sql.run(insert, ['through', 'x', 1, at])
      await through.commit()
      const found = await database.read.all('SELECT name FROM system_locks WHERE lease_until = ? ORDER BY name', [at])
      expect(found).toEqual([{ name: 'straight' }, { name: 'through' }])
    })

    test('a deadlock runs the work again until both have committed', async () => {
      const database = await opened()
      await database.transaction(async (sql) => {
        await note(sql, 1, '')
        await note(sql, 2, '')
      })
      let runs = 0
      let holding = 0
      const waiting: (() => void)[] = []
      // both hold their first row before either asks for the other's; a rerun meets nobody
      const meet = () =>
        new Promise<void>((resolve) => {
          waiting.push(resolve)
          if (++holding >= 2) for (const go of waiting.splice(0)) go()
        })
      const append = (sql: Sql, id: number, letter: string) =>
        sql.run(`UPDATE notes SET note = CONCAT(note, '${letter}') WHERE id = ?`, [id])
      const crossing = (first: number, second: number, letter: string) =>
        database.transaction(async (sql) => {
          runs++
          await append(sql, first, letter)
          await meet()
          await append(sql, second, letter)
        })
      await Promise.all([crossing(1, 2, 'a'), crossing(2, 1, 'b')])
      expect((await notes(database)).map((value) => [...String(value)].sort().join(''))).toEqual(['ab', 'ab'])
      expect(runs).toBe(3)
    })

    test('after all connections were cut, the next work gets a new one', async () => {
      const database = await opened()
      await database.transaction((sql) => note(sql, 1, 'before'))
      await cutConnections(place, server.name)
      await database.transaction((sql) => note(sql, 2, 'after'))
      expect(await notes(database)).toEqual(['before', 'after'])
      await cutConnections(place, server.name)
      expect(await notes(database)).toEqual(['before', 'after'])
    })

    test('a connection that is cut in the middle takes its transaction with it, and says so', async () => {
      const database = await opened()
      const failing = database.transaction(async (sql) => {
        await note(sql, 1, 'gone')
        await cutConnections(place, server.name)
        await note(sql, 2, 'gone too')
      })
      await expect(failing).rejects.toSatisfy((error) => database.dialect.isDown(error))
      expect(await notes(database)).toEqual([])
    })

    test('a Prisma transaction that is open too long is rolled back, and committing says so', async () => {
      const database = await opened()
      const through = await database.interactive({ timeoutMs: 20 })
      await note(through.sql, 1, 'late')
      // the row is free again only when the timeout has rolled the first back
      await database.transaction((sql) => note(sql, 1, 'next'))
      await expect(through.commit()).rejects.toThrow('was open for longer than 20 ms and was rolled back')
      expect(await notes(database)).toEqual(['next'])
    })

    test('a process that freezes in a transaction does not hold its rows for ever', async () => {
      const database = await opened()
      const [row] = await database.read.all(
        server.name === 'PostgreSQL'
          ? `SELECT current_setting('idle_in_transaction_session_timeout') AS after`
          : `SELECT variable_value AS after FROM information_schema.session_variables WHERE variable_name = 'idle_transaction_timeout'`,
      )
      expect(String(row?.after)).toBe(server.name === 'PostgreSQL' ? '1min' : '60')
    })

    test('the clock is the server’s, unless one is given', async () => {
      const database = await opened()
      const given = await createDatabase({ dbUrl: place.url, clock: () => 42 })
      onTestFinished(() => given.close())
      const [before, at, after] = [await database.now(), await serverTime(place, server.name), await database.now()]
      expect([before <= at, at <= after, await given.now()]).toEqual([true, true, 42])
    })

    test('transactions that are held open leave a connection to everything else, however many are asked for', async () => {
      const database = await createDatabase({ dbUrl: place.url, poolSize: 2, maxOverflow: 0, poolTimeout: 20 })
      onTestFinished(() => database.close())
      await database.transaction((sql) => sql.run('DELETE FROM notes'))
      const first = await database.interactive({ timeoutMs: 60_000 })
      const second = database.interactive({ timeoutMs: 60_000 })
      await note(first.sql, 1, 'held')
      await database.transaction((sql) => note(sql, 2, 'beside it'))
      await first.commit()
      await note((await second).sql, 3, 'in its turn')
      await (await second).commit()
      expect(await notes(database)).toEqual(['held', 'beside it', 'in its turn'])
      const third = await database.interactive({ timeoutMs: 60_000 })
      await third.rollback()
    })

    test('a database that does not exist comes with the command that creates it', async () => {
      const url = new URL(place.url)
      url.pathname = '/not_there'
      const database = await createDatabase({ dbUrl: url.href })
      onTestFinished(() => database.close())
      const opening = database.open({ autoMigrate: true })
      await expect(opening).rejects.toThrow(DatabaseError)
      await expect(opening).rejects.toThrow(/"not_there" does not exist on that server. Create it: .*not_there/)
    })

    test('a user who is not let in is named, and the password is not', async () => {
      const url = new URL(place.url)
      url.username = 'nobody'
      url.password = 's3cret'
      const database = await createDatabase({ dbUrl: url.href })
      onTestFinished(() => database.close())
      const error: unknown = await database.open({ autoMigrate: true }).catch((reason) => reason)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(String(error)).toContain('user "nobody"')
      expect(String(error)).not.toContain('s3cret')
    })
  })

const [postgresql] = servers
describe.skipIf(postgresql?.missing)('a transaction that a frozen process left open', () => {
  test('ends by the server when its time is up, and says that the connection is gone; the URL may set that time', async () => {
    const place = await (postgresql as (typeof servers)[0]).create()
    onTestFinished(() => place.drop())
    const database = await createDatabase({
      dbUrl: `${place.url}?options=${encodeURIComponent('-c idle_in_transaction_session_timeout=100')}`,
      poolSize: 1,
      maxOverflow: 3,
    })
    onTestFinished(() => database.close())
    await database.open({ autoMigrate: true })
    await database.transaction((sql) => sql.run('CREATE TABLE notes (id INT PRIMARY KEY)'))
    const frozen = await database.interactive({ timeoutMs: 60_000 })
    await frozen.sql.run('INSERT INTO notes (id) VALUES (1)')
    // the same key: it waits until the first transaction is no more
    await database.transaction((sql) => sql.run('INSERT INTO notes (id) VALUES (1)'))
    await expect(frozen.sql.run('INSERT INTO notes (id) VALUES (2)')).rejects.toSatisfy((error) =>
      database.dialect.isDown(error),
    )
    await frozen.rollback().catch(() => undefined)
    expect(await database.read.all('SELECT id FROM notes')).toEqual([{ id: 1 }])
  })
})

describe('a server that does not answer', () => {
  test.for(['postgresql', 'mysql'])(
    '%s: named, with what was tried and what to do, without the password',
    async (scheme) => {
      const port = await freePort()
      const database = await createDatabase({
        dbUrl: `${scheme}://edda:s3cret@127.0.0.1:${port}/orders`,
        poolTimeout: 0.05,
      })
      onTestFinished(() => database.close())
      const error: unknown = await database.open({ autoMigrate: true }).catch((reason) => reason)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(String(error)).toMatch(
        new RegExp(
          `Cannot reach (PostgreSQL|MySQL) at 127.0.0.1:${port}, database "orders" after \\d+ attempts? in \\d+ ms: .*ECONNREFUSED`,
        ),
      )
      expect(String(error)).toContain('Check that the server runs')
      expect(String(error)).not.toContain('s3cret')
    },
  )

  test('a refused password is told apart from an unreachable server', async () => {
    const fields = ['SFATAL', 'VFATAL', 'C28P01', 'Mpassword authentication failed for user "edda"', '']
    const body = Buffer.from(`${fields.join('\0')}\0`)
    const header = Buffer.alloc(5)
    header.write('E')
    header.writeInt32BE(body.length + 4, 1)
    const server = createServer((socket) => socket.once('data', () => socket.end(Buffer.concat([header, body]))))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
    const { port } = server.address() as { port: number }
    const database = await createDatabase({ dbUrl: `postgresql://edda:s3cret@127.0.0.1:${port}/orders` })
    onTestFinished(() => database.close())
    await expect(database.open({ autoMigrate: true })).rejects.toThrow(
      `PostgreSQL at 127.0.0.1:${port}, database "orders" refused user "edda": password authentication failed for user "edda". Check user and password in dbUrl`,
    )
  })
})

describe('dbUrl', () => {
  test.for([
    ['redis://u:s3cret@host/db', "dbUrl 'redis://u:***@host/db' is of no supported database"],
    ['edda.db', "dbUrl 'edda.db' is of no supported database"],
    ['postgresql://u:s3cret@host:5432', 'postgresql://u:***@host:5432 names no database'],
    ['mysql://u:s3cret@host:port/db', 'dbUrl is no valid URL: mysql://u:***@host:port/db'],
    ['postgresql://u:s3@cret@host:x/db', 'dbUrl is no valid URL: postgresql://u:***@host:x/db'],
  ])('%s is refused with a reason, without its password', async ([dbUrl = '', reason = '']) => {
    const refused: unknown = await createDatabase({ dbUrl }).catch((error) => error)
    expect(refused).toBeInstanceOf(ConfigurationError)
    expect(String(refused)).toContain(reason)
    expect(String(refused)).not.toMatch(/s3@?cret/)
  })

  test('notifications are refused where the database has none', async () => {
    await expect(createDatabase({ dbUrl: ':memory:', useListenNotify: true })).rejects.toThrow(
      "useListenNotify needs PostgreSQL: ':memory:' cannot notify",
    )
  })
})

async function cutConnections(place: TestDatabase, name: 'PostgreSQL' | 'MySQL'): Promise<void> {
  if (name === 'PostgreSQL') {
    await place.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )
    return
  }
  const rows = await place.query(
    'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
  )
  for (const row of rows) await place.query(`KILL CONNECTION ${row.id}`)
}

async function serverTime(place: TestDatabase, name: 'PostgreSQL' | 'MySQL'): Promise<number> {
  const sql =
    name === 'PostgreSQL'
      ? 'SELECT FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS now'
      : 'SELECT FLOOR(UNIX_TIMESTAMP(SYSDATE(3)) * 1000) AS now'
  return Number((await place.query(sql))[0]?.now)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
