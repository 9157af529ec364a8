import { expect, test } from 'vitest'
import { activity, compensation, workflow } from '../../src/index'
import type { TestApp } from '../../src/testing/index'
import { describeEverywhere, describeOnSql, gate, historyOf, recordingLog, rejection } from './fixture'

const ONCE = { maxAttempts: 1 }

/** The user's own table in the engine's database. */
const createTable = activity('createTable', async (ctx) => {
  await ctx.session.$executeRawUnsafe('CREATE TABLE IF NOT EXISTS seats (name VARCHAR(50) PRIMARY KEY)')
  await ctx.session.$executeRawUnsafe('DELETE FROM seats')
})
const readSeats = activity('readSeats', async (ctx) => {
  const rows = (await ctx.session.$queryRawUnsafe('SELECT name FROM seats ORDER BY name')) as { name: string }[]
  return rows.map((row) => row.name)
})
const prepare = workflow('prepare', async (ctx, _input: null) => createTable(ctx, null))
const read = workflow('read', async (ctx, _input: null) => readSeats(ctx, null))
const insert = (
  ctx: { session: { $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<unknown> } },
  name: string,
) => ctx.session.$executeRawUnsafe(`INSERT INTO seats (name) VALUES ('${name}')`)

async function seats(kit: TestApp): Promise<string[]> {
  return (await (await kit.start(read, null)).result()) as string[]
}

describeOnSql('ctx.session', (makeTest) => {
  test('C14 rows of one’s own commit with the activity, its event, its outbox rows and its messages', async () => {
    const book = activity('book', async (ctx, name: string) => {
      expect(ctx.inTransaction()).toBe(false)
      await insert(ctx, name)
      expect(ctx.inTransaction()).toBe(true)
      ctx.sendEventTransactional('seat.booked', '/seats', { name })
      ctx.publish('booked', name)
      return name
    })
    const wf = workflow('booking', async (ctx, _input: null) => book(ctx, 'A1'))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    expect(await run.result()).toBe('A1')
    expect(await seats(kit)).toEqual(['A1'])
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityCompleted book:1'])
    expect(await kit.storage.outbox({ limit: 5 })).toMatchObject([{ type: 'seat.booked', instanceId: run.instanceId }])
    expect(await kit.storage.messages('booked', { after: 0, limit: 5 })).toHaveLength(1)
  })

  test('C14 a failing activity leaves none of them, but its ActivityFailed', async () => {
    const book = activity('book', { retry: ONCE }, async (ctx) => {
      await insert(ctx, 'A1')
      ctx.sendEventTransactional('seat.booked', '/seats', {})
      ctx.publish('booked', 'A1')
      throw new Error('no')
    })
    const wf = workflow('booking', async (ctx, _input: null) => book(ctx, null))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    await rejection(run.result())
    expect(await seats(kit)).toEqual([])
    expect(await kit.storage.outbox({ limit: 5 })).toEqual([])
    expect(await kit.storage.messages('booked', { after: 0, limit: 5 })).toEqual([])
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityFailed book:1', 'WorkflowFailed workflow_failed'])
  })

  test('a crash before the commit leaves nothing; the attempt runs again and its rows are there once', async () => {
    const book = activity('book', async (ctx) => {
      await insert(ctx, `attempt ${ctx.attempt}`)
      return ctx.attempt
    })
    const wf = workflow('booking', async (ctx, _input: null) => book(ctx, null))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    kit.crashAfter('book:1')
    const run = await kit.start(wf, null)
    expect(await run.result()).toBe(2)
    expect(await seats(kit)).toEqual(['attempt 2'])
  })

  test('a nested transaction is a savepoint: what it did is undone, the rest stays', async () => {
    const book = activity('book', async (ctx) => {
      await insert(ctx, 'outer')
      await ctx.transaction(async () => insert(ctx, 'inner kept'))
      await ctx
        .transaction(async () => {
          await insert(ctx, 'inner lost')
          throw new Error('inner')
        })
        .catch(() => {})
    })
    const wf = workflow('booking', async (ctx, _input: null) => book(ctx, null))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    await (await kit.start(wf, null)).result()
    expect(await seats(kit)).toEqual(['inner kept', 'outer'])
  })

  test('a statement that fails fails the attempt, and the next one starts clean', async () => {
    const book = activity('book', { retry: { maxAttempts: 2, initialInterval: 1 } }, async (ctx) => {
      await insert(ctx, 'A1')
      if (ctx.attempt === 1) await insert(ctx, 'A1')
      return ctx.attempt
    })
    const wf = workflow('booking', async (ctx, _input: null) => book(ctx, null))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    expect(await run.result()).toBe(2)
    expect(await seats(kit)).toEqual(['A1'])
  })

  test('a result that cannot be stored rolls the rows back', async () => {
    const book = activity('book', async (ctx) => {
      await insert(ctx, 'A1')
      return 1n
    })
    const wf = workflow('booking', async (ctx, _input: null) => book(ctx, null).catch((error: Error) => error.name))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    expect(await (await kit.start(wf, null)).result()).toBe('SerializationError')
    expect(await seats(kit)).toEqual([])
  })

  test('an activity that lost a race leaves no rows', async () => {
    let finish: () => void = () => {}
    const slow = activity('slow', async (ctx) => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      await insert(ctx, 'lost')
    })
    const wf = workflow('racing', async (ctx, _input: null) => {
      await ctx.race({ slow: slow(ctx, null), late: ctx.sleep('1m') })
      finish()
      await ctx.sleep('1m')
    })
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    await kit.advance('3m')
    await run.result()
    expect(await seats(kit)).toEqual([])
  })

  test('a compensation may use it too: its rows and the record that it ran commit together', async () => {
    const unbook = compensation('unbook', async (ctx, { input }: { input: string }) => {
      await ctx.session.$executeRawUnsafe(`DELETE FROM seats WHERE name = '${input}'`)
      await insert(ctx, `was ${input}`)
    })
    const book = activity('book', { onFailure: unbook }, async (ctx, name: string) => {
      await insert(ctx, name)
    })
    const wf = workflow('booking', async (ctx, _input: null) => {
      await book(ctx, 'A1')
      await book(ctx, 'A2')
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    await rejection(run.result())
    expect(await seats(kit)).toEqual(['was A1', 'was A2'])
    expect((await historyOf(kit, run.instanceId)).slice(-2)).toEqual([
      'CompensationExecuted compensation_2',
      'CompensationExecuted compensation_1',
    ])
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'failed',
      compensationState: 'completed',
    })
  })

  test('a cancelled instance whose activity finishes anyway with a session: rows, event and compensation go together', async () => {
    let finish: () => void = () => {}
    const undone: string[] = []
    const unbook = compensation('unbook', async (_ctx, { input }: { input: string }) => {
      undone.push(input)
    })
    const book = activity('book', { onFailure: unbook }, async (ctx, name: string) => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      await insert(ctx, name)
    })
    const wf = workflow('booking', async (ctx, _input: null) => book(ctx, 'A1'))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel()
    await kit.settle()
    finish()
    await kit.advance('10s')
    expect(await run.status()).toBe('cancelled')
    // either it is recorded, and then undone, or it never was
    const isRecorded = (await historyOf(kit, run.instanceId)).includes('ActivityCompleted book:1')
    expect(undone).toEqual(isRecorded ? ['A1'] : [])
    expect(await seats(kit)).toEqual(isRecorded ? ['A1'] : [])
  })

  test('start({ tx }): the instance exists iff the transaction commits', async () => {
    const target = workflow('target', async () => 'ran')
    const starter = activity('starter', { retry: ONCE }, async (ctx, commit: boolean) => {
      await insert(ctx, commit ? 'kept' : 'lost')
      await kit.app.start(target, null, { instanceId: commit ? 'kept' : 'lost', tx: ctx.session })
      if (!commit) throw new Error('rolled back')
    })
    const wf = workflow('starting', async (ctx, commit: boolean) => starter(ctx, commit))
    const kit = await makeTest({ workflows: [wf, target, prepare, read] })
    await (await kit.start(prepare, null)).result()
    await rejection((await kit.start(wf, false)).result())
    await (await kit.start(wf, true)).result()
    await kit.redeploy()
    expect(await kit.handle('kept').result()).toBe('ran')
    expect(await kit.app.getInstance('lost')).toBeNull()
    expect(await seats(kit)).toEqual(['kept'])
  })
})

describeEverywhere('what commits with an activity', (makeTest, place) => {
  test('post-commit callbacks run in order after the commit, never after a failure; one that fails is logged and the rest run', async () => {
    const logger = recordingLog()
    const order: string[] = []
    const act = activity('act', { retry: { maxAttempts: 2, initialInterval: 1 } }, async (ctx) => {
      ctx.registerPostCommit(() => order.push(`first ${ctx.attempt}`))
      ctx.registerPostCommit(() => {
        throw new Error('callback')
      })
      ctx.registerPostCommit(async () => order.push(`last ${ctx.attempt}`))
      if (ctx.attempt === 1) throw new Error('no')
      order.push('body')
    })
    const wf = workflow('callbacks', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf], logger })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    await run.result()
    expect(order).toEqual(['body', 'first 2', 'last 2'])
    expect(logger.lines).toContain('error a post-commit callback failed')
  })

  test('a callback that is no function is refused', async () => {
    const act = activity('act', { retry: ONCE }, async (ctx) => ctx.registerPostCommit('x' as never))
    const wf = workflow('badCallback', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const error = (await rejection((await kit.start(wf, null)).result())).cause as Error
    expect((error.cause as Error).name).toBe('TypeError')
  })

  test('an outbox row is written also without a relay, once, with all its attributes', async () => {
    const send = activity('send', async (ctx) => {
      const json = ctx.sendEventTransactional(
        'a.b',
        '/src',
        { n: 1 },
        { subject: 's', extensions: { tenant: 't', n: 1 }, partitionKey: 'p' },
      )
      const bytes = ctx.sendEventTransactional('a.c', '/src', new Uint8Array([0, 255]), { contentType: 'image/png' })
      return [json, bytes]
    })
    const wf = workflow('sending', async (ctx, _input: null) => send(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    kit.crashAfter('send:1')
    const run = await kit.start(wf, null)
    const [json, bytes] = (await run.result()) as [string, string]
    const rows = [...(await kit.storage.outbox({ limit: 10 }))].sort((a, b) => (a.type < b.type ? -1 : 1))
    expect(rows).toMatchObject([
      {
        id: json,
        type: 'a.b',
        source: '/src',
        data: '{"n":1}',
        binary: null,
        contentType: 'application/json',
        subject: 's',
        partitionKey: 'p',
        status: 'pending',
      },
      { id: bytes, type: 'a.c', data: null, contentType: 'image/png', subject: null, status: 'pending' },
    ])
    expect([...(rows[1]?.binary ?? [])]).toEqual([0, 255])
    expect(JSON.parse(rows[0]?.extensions ?? '')).toEqual({ tenant: 't', n: 1 })
  })

  test.skipIf(place.isSql)('without an SQL database ctx.session says so', async () => {
    const act = activity('act', { retry: ONCE }, async (ctx) => ctx.session.$queryRawUnsafe('SELECT 1'))
    const wf = workflow('noSql', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const error = (await rejection((await kit.start(wf, null)).result())).cause as Error
    expect((error.cause as Error).name).toBe('ConfigurationError')
  })
})

describeOnSql('ctx.session beside other work of its instance', (makeTest) => {
  test('parallel activities, some with a session and some without, do not wait for each other for ever', async () => {
    const doors = new Map(['a', 'b', 'c'].map((name) => [name, gate()]))
    const withSession = activity('withSession', async (ctx, name: string) => {
      await insert(ctx, name)
      await doors.get(name)?.opened
      return name
    })
    const plain = activity('plain', async (_ctx, name: string) => {
      await doors.get(name)?.opened
      return name
    })
    const wf = workflow('parallel', async (ctx, _input: null) =>
      Promise.all([withSession(ctx, 'a'), withSession(ctx, 'b'), plain(ctx, 'c'), ctx.sleep('1s').then(() => 'slept')]),
    )
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    await kit.advance('2s')
    for (const door of doors.values()) door.open()
    expect(await run.result()).toEqual(['a', 'b', 'c', 'slept'])
    expect(await seats(kit)).toEqual(['a', 'b'])
  })

  test('a cancel that arrives while a session is open is carried out when it has ended', async () => {
    const door = gate()
    const undone: string[] = []
    const unbook = compensation('unbook', async (_ctx, { input }: { input: string }) => {
      undone.push(input)
    })
    const book = activity('book', { onFailure: unbook }, async (ctx, name: string) => {
      await insert(ctx, name)
      await door.opened
    })
    const wf = workflow('booking', async (ctx, _input: null) => {
      await book(ctx, 'A1')
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    const run = await kit.start(wf, null)
    await kit.settle()
    const cancelling = run.cancel()
    door.open()
    expect(await cancelling).toBe(true)
    await kit.settle()
    expect(await run.status()).toBe('cancelled')
    const isRecorded = (await historyOf(kit, run.instanceId)).includes('ActivityCompleted book:1')
    expect(undone).toEqual(isRecorded ? ['A1'] : [])
    expect(await seats(kit)).toEqual(isRecorded ? ['A1'] : [])
  })

  test('a session that is touched after the activity has ended is refused', async () => {
    const late: Promise<unknown>[] = []
    const act = activity('act', async (ctx) => {
      late.push(
        new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
          .then(() => insert(ctx, 'late'))
          .catch((error: unknown) => error),
      )
    })
    const wf = workflow('careless', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf, prepare, read] })
    await (await kit.start(prepare, null)).result()
    await (await kit.start(wf, null)).result()
    expect(await late[0]).toBeInstanceOf(Error)
    expect(await seats(kit)).toEqual([])
  })
})
