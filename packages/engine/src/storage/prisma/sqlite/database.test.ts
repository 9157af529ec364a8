import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../test/temporary'
import { ConfigurationError, DatabaseError } from '../../../model/errors'
import type { Database } from '../database'
import { containing } from '../database'
import type { PrismaStorageOptions } from '../options'
import { createSqliteDatabase } from './database'

async function open(options: Partial<PrismaStorageOptions> = {}): Promise<Database> {
  const dbUrl = options.dbUrl ?? `file:${path.join(temporaryFolder(), 'test.db')}`
  const database = await createSqliteDatabase({ ...options, dbUrl })
  onTestFinished(() => database.close())
  await database.open({ autoMigrate: true })
  return database
}

/** A table of ours beside the engine's. */
async function withNotes(database: Database, columns = 'id INTEGER PRIMARY KEY, note TEXT'): Promise<Database> {
  await database.transaction((sql) => sql.run(`CREATE TABLE notes (${columns})`))
  return database
}

const note = (database: Database, id: number, text: string) =>
  database.transaction((sql) => sql.run('INSERT INTO notes (id, note) VALUES (?, ?)', [id, text]))
const notes = async (database: Database) =>
  (await database.read.all('SELECT note FROM notes ORDER BY id')).map((row) => row.note)

const worker = (id: string) => ({ id, service: 's', host: 'h', pid: 1, info: '{}', startedAt: 1n, heartbeatAt: 1n })

describe('one writer', () => {
  test('a statement beside an open Prisma transaction waits for it and survives its rollback', async () => {
    const database = await open()
    const opened = await database.interactive({ timeoutMs: 10_000 })
    await opened.sql.run(`INSERT INTO system_locks (name, holder, term, lease_until) VALUES ('inside', 'x', 1, 1)`)
    const beside = database.prisma.worker.create({ data: worker('beside') })
    const lane = database.transaction((sql) =>
      sql.run(`INSERT INTO system_locks (name, holder, term, lease_until) VALUES ('lane', 'x', 1, 1)`),
    )
    await opened.rollback()
    await beside
    await lane
    expect(await database.read.all('SELECT name FROM system_locks')).toEqual([{ name: 'lane' }])
    expect(await database.read.all('SELECT id FROM workers')).toEqual([{ id: 'beside' }])
  })

  test('reads wait for no open transaction and see nothing of it', async () => {
    const database = await withNotes(await open())
    await note(database, 1, 'before')
    const opened = await database.interactive({ timeoutMs: 10_000 })
    await opened.sql.run(`INSERT INTO notes (id, note) VALUES (2, 'inside')`)
    expect(await notes(database)).toEqual(['before'])
    await opened.commit()
    expect(await notes(database)).toEqual(['before', 'inside'])
  })

  test('a read right after a commit sees it, every time', async () => {
    const database = await withNotes(await open())
    for (let id = 1; id <= 200; id++) {
      await note(database, id, `note ${id}`)
      expect(await database.read.all('SELECT COUNT(*) AS many FROM notes')).toEqual([{ many: id }])
    }
  })

  test('transactions take the writer in the order they came, whichever way they came', async () => {
    const database = await withNotes(await open())
    const opened = await database.interactive({ timeoutMs: 10_000 })
    const ids = Array.from({ length: 20 }, (_, index) => index + 1)
    const later = ids.map((id) => note(database, id, String(id)))
    const seen: unknown[] = []
    const watched = later.map((done, index) => done.then(() => seen.push(ids[index])))
    await opened.commit()
    await Promise.all(watched)
    expect(seen).toEqual(ids)
  })

  test('work that throws leaves nothing behind', async () => {
    const database = await withNotes(await open())
    const failing = database.transaction(async (sql) => {
      await sql.run(`INSERT INTO notes (id, note) VALUES (1, 'gone')`)
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    await note(database, 2, 'kept')
    expect(await notes(database)).toEqual(['kept'])
  })

  test('a failed COMMIT is rolled back before anybody else writes', async () => {
    const database = await open()
    await database.transaction(async (sql) => {
      await sql.run('CREATE TABLE parents (id INTEGER PRIMARY KEY)')
      await sql.run(
        'CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT, parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)',
      )
    })
    // the constraint is checked by COMMIT, which fails and leaves the transaction open
    const failing = database.transaction((sql) =>
      sql.run(`INSERT INTO notes (id, note, parent) VALUES (1, 'orphan', 7)`),
    )
    const next = note(database, 2, 'next')
    await expect(failing).rejects.toThrow('FOREIGN KEY constraint failed')
    await next
    expect(await notes(database)).toEqual(['next'])

    const opened = await database.interactive({ timeoutMs: 10_000 })
    await opened.sql.run(`INSERT INTO notes (id, note, parent) VALUES (3, 'orphan', 7)`)
    await expect(opened.commit()).rejects.toThrow()
    await note(database, 4, 'after')
    expect(await notes(database)).toEqual(['next', 'after'])
  })

  test('statements after SQLite has rolled the transaction back by itself do not commit on their own', async () => {
    const database = await withNotes(await open())
    await note(database, 1, 'first')
    const failing = database.transaction(async (sql) => {
      await sql.run(`INSERT INTO notes (id, note) VALUES (2, 'second')`)
      await sql.run(`INSERT OR ROLLBACK INTO notes (id, note) VALUES (1, 'conflict')`).catch(() => undefined)
      await sql.run(`INSERT INTO notes (id, note) VALUES (3, 'third')`)
    })
    await expect(failing).rejects.toThrow('SQLite has rolled the transaction back')
    expect(await notes(database)).toEqual(['first'])
  })

  test('`:memory:` has one connection, which everybody shares in turn', async () => {
    const database = await withNotes(await open({ dbUrl: ':memory:' }))
    const opened = await database.interactive({ timeoutMs: 10_000 })
    await opened.sql.run(`INSERT INTO notes (id, note) VALUES (1, 'inside')`)
    const reading = notes(database)
    await opened.commit()
    expect(await reading).toEqual(['inside'])
    await database.prisma.worker.create({ data: worker('w') })
    expect(await database.prisma.worker.count()).toBe(1)
  })

  test('a commit survives a power loss unless told otherwise', async () => {
    const full = await open()
    const normal = await open({ synchronous: 'NORMAL' })
    const pragma = (database: Database) => database.transaction((sql) => sql.all('PRAGMA synchronous'))
    expect([await pragma(full), await pragma(normal)]).toEqual([[{ synchronous: 2 }], [{ synchronous: 1 }]])
  })
})

describe('another process has the file', () => {
  test('waiting for its lock leaves the event loop free', async () => {
    const dbUrl = `file:${path.join(temporaryFolder(), 'shared.db')}`
    const ours = await withNotes(await open({ dbUrl }))
    const theirs = await open({ dbUrl })
    const holding = await theirs.interactive({ timeoutMs: 10_000 })
    await holding.sql.run(`INSERT INTO notes (id, note) VALUES (1, 'theirs')`)
    const waiting = note(ours, 2, 'ours')
    // turns of the loop that a synchronous wait would not allow
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    await holding.commit()
    await waiting
    expect(await notes(ours)).toEqual(['theirs', 'ours'])
  })

  test('waiting ends with an error that names the file and what to do', async () => {
    const file = path.join(temporaryFolder(), 'shared.db')
    const theirs = await withNotes(await open({ dbUrl: `file:${file}` }))
    const ours = await open({ dbUrl: `file:${file}`, poolTimeout: 0.05 })
    const holding = await theirs.interactive({ timeoutMs: 10_000 })
    await expect(note(ours, 1, 'late')).rejects.toThrow(DatabaseError)
    await expect(note(ours, 1, 'late')).rejects.toThrow(`${file} was locked by another process for 50 ms`)
    await holding.commit()
    await note(ours, 2, 'works again')
    expect(await notes(theirs)).toEqual(['works again'])
  })

  test('two databases that increment together lose no increment', async () => {
    const dbUrl = `file:${path.join(temporaryFolder(), 'shared.db')}`
    const databases = [await withNotes(await open({ dbUrl })), await open({ dbUrl }), await open({ dbUrl })]
    await note(databases[0] as Database, 1, '0')
    const increment = (database: Database) =>
      database.transaction(async (sql) => {
        const [row] = await sql.all('SELECT note FROM notes WHERE id = 1')
        await sql.run('UPDATE notes SET note = ? WHERE id = 1', [String(Number(row?.note) + 1)])
      })
    await Promise.all(databases.flatMap((database) => Array.from({ length: 30 }, () => increment(database))))
    expect(await notes(databases[0] as Database)).toEqual(['90'])
  })
})

describe('values', () => {
  test('what is written is what is read, on both ways', async () => {
    const database = await withNotes(
      await open(),
      'id INTEGER PRIMARY KEY, ms BIGINT, flag BOOLEAN, bytes BLOB, note TEXT',
    )
    const bytes = new Uint8Array([0, 1, 255])
    const values = [1, 1_795_404_287_441, true, bytes, 'zwölf 😀'] as const
    const insert = 'INSERT INTO notes (id, ms, flag, bytes, note) VALUES (?, ?, ?, ?, ?)'
    await database.transaction((sql) => sql.run(insert, values))
    const opened = await database.interactive({ timeoutMs: 10_000 })
    await opened.sql.run(insert, [2, ...values.slice(1)])
    const select = `SELECT ms, flag, bytes, note, typeof(ms) AS kind FROM notes ORDER BY id`
    const through = await opened.sql.all(select)
    await opened.commit()
    const plain = { ms: 1_795_404_287_441, flag: 1, bytes: bytes.buffer, note: 'zwölf 😀', kind: 'integer' }
    expect(await database.read.all(select)).toEqual([plain, plain])
    const viaPrisma = { ...plain, ms: 1_795_404_287_441n, flag: true, bytes }
    expect(through).toEqual([viaPrisma, viaPrisma])
  })

  test('a parameter that the driver cannot take is refused before it reaches the driver', async () => {
    const database = await withNotes(await open())
    const insert = (value: unknown) =>
      database.transaction((sql) => sql.run('INSERT INTO notes (note) VALUES (?)', [value as string]))
    await expect(insert(undefined)).rejects.toThrow('Cannot bind a parameter of type undefined')
    await expect(insert({})).rejects.toThrow('Cannot bind a parameter of type object')
    await expect(insert('cut\0here')).rejects.toThrow('U+0000')
    expect(await notes(database)).toEqual([])
  })

  test('rows travel as one parameter, payloads unharmed', async () => {
    const { dialect, read } = await open()
    const payload = JSON.stringify({ text: 'a\0b\ud800"\\', deep: [1, null] })
    const rows = [{ id: 'a', seq: 12_345_678_901, flag: true, data: payload, bytes: '00ff' }, { id: 'b' }]
    const source = dialect.rows('?', { id: 'text', seq: 'bigint', flag: 'bool', data: 'text', bytes: 'bytes' }, 'x')
    expect(await read.all(`SELECT x.* FROM ${source}`, [JSON.stringify(rows)])).toEqual([
      { id: 'a', seq: 12_345_678_901, flag: 1, data: payload, bytes: new Uint8Array([0, 255]).buffer },
      { id: 'b', seq: null, flag: null, data: null, bytes: null },
    ])
  })

  test('a substring is found whatever its case, and wildcards are plain characters', async () => {
    const database = await withNotes(await open())
    for (const [id, text] of ['Order_100%', 'order-1005', 'other!'].entries()) await note(database, id, text)
    const find = async (part: string) =>
      (
        await database.read.all(`SELECT note FROM notes WHERE ${database.dialect.contains('note')} ORDER BY id`, [
          containing(part),
        ])
      ).map((row) => row.note)
    expect([await find('ORDER'), await find('r_1'), await find('0%'), await find('R!')]).toEqual([
      ['Order_100%', 'order-1005'],
      ['Order_100%'],
      ['Order_100%'],
      ['other!'],
    ])
  })
})

describe('Prisma over the same file', () => {
  test('knows a duplicate by its code', async () => {
    const { prisma } = await open()
    await prisma.worker.create({ data: worker('w') })
    await expect(prisma.worker.create({ data: worker('w') })).rejects.toMatchObject({ code: 'P2002' })
  })

  test('runs several statements in one transaction, all or none', async () => {
    const { prisma } = await open()
    const create = (id: string) => prisma.worker.create({ data: worker(id) })
    await prisma.$transaction([create('a'), create('b')])
    await expect(prisma.$transaction([create('c'), create('a')])).rejects.toMatchObject({ code: 'P2002' })
    expect(await prisma.worker.findMany({ select: { id: true }, orderBy: { id: 'asc' } })).toEqual([
      { id: 'a' },
      { id: 'b' },
    ])
  })

  test('a transaction that is open too long is rolled back, and committing says so', async () => {
    const database = await withNotes(await open())
    const opened = await database.interactive({ timeoutMs: 20 })
    await opened.sql.run(`INSERT INTO notes (id, note) VALUES (1, 'late')`)
    // the next writer can go on only when the timeout has rolled the first back
    await note(database, 2, 'next')
    await expect(opened.commit()).rejects.toThrow('was open for longer than 20 ms and was rolled back')
    expect(await notes(database)).toEqual(['next'])
  })

  test('a transaction that did not get the writer in time does not take it later', async () => {
    const database = await withNotes(await open({ poolTimeout: 0.05 }))
    const first = await database.interactive({ timeoutMs: 10_000 })
    await expect(database.interactive({ timeoutMs: 10_000 })).rejects.toThrow(
      'No connection for a transaction became free within 50 ms',
    )
    await first.commit()
    await note(database, 1, 'free again')
    expect(await notes(database)).toEqual(['free again'])
  })

  test('a caller’s own transaction is joined', async () => {
    const database = await withNotes(await open())
    await database.prisma.$transaction(async (tx) => {
      await database.joined(tx).run(`INSERT INTO notes (id, note) VALUES (?, ?)`, [1, 'joined'])
    })
    expect(await notes(database)).toEqual(['joined'])
    expect(() => database.joined({})).toThrow(ConfigurationError)
  })
})

describe('opening', () => {
  const opening = async (dbUrl: string) => {
    const database = await createSqliteDatabase({ dbUrl })
    onTestFinished(() => database.close())
    await database.open({ autoMigrate: true })
  }

  test('makes the folder that is missing', async () => {
    const file = path.join(temporaryFolder(), 'not', 'yet', 'edda.db')
    const database = await open({ dbUrl: `sqlite:${file}` })
    expect(await database.read.all('SELECT COUNT(*) AS many FROM workers')).toEqual([{ many: 0 }])
  })

  test('says what is wrong with a path', async () => {
    const folder = temporaryFolder()
    const garbage = path.join(folder, 'notes.txt')
    writeFileSync(garbage, 'These are notes, and no database. '.repeat(50))
    mkdirSync(path.join(folder, 'sub'))
    await expect(opening(`file:${folder}/sub`)).rejects.toThrow(`${folder}/sub is a folder, not a database file`)
    await expect(opening(`file:${garbage}`)).rejects.toThrow(`${garbage} is not a SQLite database`)
    await expect(opening(`file:${garbage}/edda.db`)).rejects.toThrow(
      `The folder ${garbage} for the database cannot be made: EEXIST`,
    )
    for (const dbUrl of [`file:${folder}/sub`, `file:${garbage}`])
      await expect(opening(dbUrl)).rejects.toThrow(DatabaseError)
  })

  test.for(['file:', 'sqlite:', 'sqlite://', 'file:./edda.db?mode=ro'])(
    'refuses %s before anything is touched',
    async (dbUrl) => {
      await expect(opening(dbUrl)).rejects.toThrow(ConfigurationError)
    },
  )
})
