/** What the contract cannot force: which errors blame a unit, and a COMMIT whose answer is lost. The port is real but for the faults that it is told. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { virtualClock } from '../../../test/virtual-clock'
import { DatabaseError } from '../../model/errors'
import {
  activityCompleted,
  cloudEvent,
  completed,
  delivery,
  message,
  messageWait,
  outboxRow,
  parked,
  publish,
  START,
  start,
  startLeased,
  subscribeTo,
  transition,
} from '../contract/builders'
import type { Verdict } from '../units'
import { createCommit } from './commit'
import type { Database, Sql } from './database'
import { createReading } from './reading'
import { createSessions } from './session'
import { createSqliteDatabase } from './sqlite/database'

class ConnectionLost extends Error {}

/** Loses the connection before the work of a transaction, or after its COMMIT. */
interface Faults {
  before: number
  after: number
  refuse: (statement: string, params: readonly unknown[]) => Error | undefined
}

let database: { -readonly [Member in keyof Database]: Database[Member] }
let faults: Faults
let transactions: number

beforeEach(async () => {
  const real = await createSqliteDatabase({ dbUrl: ':memory:', clock: virtualClock().now })
  await real.open({ autoMigrate: true })
  onTestFinished(() => real.close())
  faults = { before: 0, after: 0, refuse: () => undefined }
  transactions = 0
  const refusing = (sql: Sql): Sql => {
    const check = async <Result>(text: string, params: readonly unknown[] = [], run: () => Promise<Result>) => {
      const error = faults.refuse(text, params)
      if (error) throw error
      return await run()
    }
    return {
      all: (text, params) => check(text, params, () => sql.all(text, params)),
      run: (text, params) => check(text, params, () => sql.run(text, params)),
    }
  }
  database = {
    ...real,
    dialect: { ...real.dialect, isDown: (error) => error instanceof ConnectionLost },
    async transaction(work) {
      transactions++
      if (faults.before > 0 && faults.before-- > 0) throw new ConnectionLost('before')
      const result = await real.transaction((sql, along) => work(refusing(sql), along))
      if (faults.after > 0 && faults.after-- > 0) throw new ConnectionLost('after COMMIT')
      return result
    },
  }
})

const kinds = (verdicts: readonly Verdict[]) => verdicts.map(({ kind }) => kind)
const commitTo = () => createCommit(database).commit
const reading = () => createReading(database)
const events = async (id: string) =>
  (await reading().history(id, { after: 0, limit: 100 })).map(({ seq, activityId, type }) => [seq, activityId, type])

describe('a unit that cannot be written', () => {
  it('fails alone wherever it stands, its neighbours commit', async () => {
    const commit = commitTo()
    const starts = Array.from({ length: 9 }, () => startLeased())
    await commit(starts)
    const outbox = [outboxRow({ id: 'same' })]
    const units = starts.map(({ instance: { id } }, index) =>
      transition(
        { id, epoch: 1, nextSeq: 1 },
        { events: [activityCompleted()], ...(index % 4 === 0 ? { outbox } : {}) },
      ),
    )
    const verdicts = await commit(units)
    expect(kinds(verdicts)).toEqual([
      'accepted',
      ...['accepted', 'accepted', 'accepted', 'failed'],
      ...['accepted', 'accepted', 'accepted', 'failed'],
    ])
    const [written, refused] = [units[3], units[4]]
    expect(await events(written?.instanceId ?? '')).toEqual([[1, 'charge:1', 'ActivityCompleted']])
    expect(await events(refused?.instanceId ?? '')).toEqual([])
  })

  it('is told why', async () => {
    const [verdict] = await commitTo()([startLeased({ id: 'a\0b' })])
    expect(verdict).toEqual({ kind: 'failed', error: new TypeError('SQLite cannot store text that holds U+0000') })
  })
})

describe('circumstances', () => {
  it('a full disk is nobody’s fault: the flush fails as a whole and may be tried again', async () => {
    const commit = commitTo()
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    faults.refuse = (text) => (text.startsWith('INSERT INTO workflow_instances') ? full : undefined)
    const units = [startLeased(), startLeased()]
    await expect(commit(units)).rejects.toBe(full)
    expect(transactions).toBe(1)
    faults.refuse = () => undefined
    expect(kinds(await commit(units))).toEqual(['accepted', 'accepted'])
  })

  it('units of a flush that was split before the circumstances turned bad are recognised when they come again', async () => {
    const commit = commitTo()
    const [first, second] = [startLeased({}, { events: [activityCompleted()] }), startLeased()]
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    const poison = new TypeError('only when both are in one flush')
    let born = 0
    faults.refuse = (text) => {
      if (!text.startsWith('INSERT INTO workflow_instances')) return undefined
      born++
      return born === 2 ? poison : born === 4 ? full : undefined
    }
    await expect(commit([first, second])).rejects.toBe(full)
    faults.refuse = () => undefined
    expect(await events(first.instance.id)).toEqual([[1, 'charge:1', 'ActivityCompleted']])
    expect(kinds(await commit([first, second]))).toEqual(['accepted', 'accepted'])
    expect(await events(first.instance.id)).toEqual([[1, 'charge:1', 'ActivityCompleted']])
  })
})

describe('a lost connection', () => {
  it('before anything was written is survived by writing again', async () => {
    faults.before = 2
    expect(kinds(await commitTo()([startLeased()]))).toEqual(['accepted'])
    expect(transactions).toBe(3)
  })

  it.each([
    ['before', { before: 1 }],
    ['after', { after: 1 }],
  ])('%s COMMIT: every kind of unit has its effect once', async (_, lost) => {
    const commit = commitTo()
    const running = startLeased({}, { asks: [subscribeTo('news', 'broadcast')] })
    const ending = startLeased()
    await commit([running, ending, publish(delivery([message('news', 'hello')]))])
    Object.assign(faults, lost)
    const begun = startLeased({}, { events: [activityCompleted()] })
    const order = cloudEvent('order.paid', { id: 1 })
    const receive = transition(
      { id: running.instance.id, epoch: 1, nextSeq: 2 },
      { ...parked(), events: [activityCompleted()], waits: [messageWait('news')] },
    )
    const end = transition({ id: ending.instance.id, epoch: 1, nextSeq: 1 }, completed())
    const verdicts = await commit([begun, start(), receive, end, publish(order), publish(delivery([message('x', 1)]))])
    expect(verdicts.map((verdict) => [verdict.kind, 'nextSeq' in verdict ? verdict.nextSeq : null])).toEqual([
      ['accepted', 2],
      ['accepted', 1],
      ['accepted', 4],
      ['accepted', 1],
      ['published', null],
      ['published', null],
    ])
    expect(verdicts[2]).toMatchObject({ answers: [{ seq: 3, type: 'ChannelMessageReceived' }] })
    expect(verdicts[4]).toMatchObject({ deliveries: [{ duplicate: false }] })
    expect(await events(running.instance.id)).toEqual([
      [1, 'subscribe_news:1', 'Subscribed'],
      [2, 'charge:1', 'ActivityCompleted'],
      [3, 'receive_news:1', 'ChannelMessageReceived'],
    ])
    expect(await events(begun.instance.id)).toEqual([[1, 'charge:1', 'ActivityCompleted']])
    expect(await reading().instance(ending.instance.id)).toMatchObject({ status: 'completed', output: '"done"' })
    for (const channel of ['order.paid', 'x'])
      expect(await reading().messages(channel, { after: 0, limit: 10 })).toHaveLength(1)
  })

  it('that does not come back is told, and the same units are recognised whenever they come again', async () => {
    const commit = commitTo()
    const started = startLeased()
    await commit([started])
    const unit = transition({ id: started.instance.id, epoch: 1, nextSeq: 1 }, { events: [activityCompleted()] })
    faults.after = 1
    const lost = commit([unit]).catch((error: unknown) => error)
    // the first try commits and loses its answer; all that follow find no connection
    const { transaction } = database
    database.transaction = () => Promise.reject(new ConnectionLost('still down'))
    expect(await lost).toBeInstanceOf(DatabaseError)
    expect(await events(started.instance.id)).toHaveLength(1)
    database.transaction = transaction
    expect(await commit([unit])).toMatchObject([{ kind: 'accepted', answers: [], nextSeq: 2 }])
    expect(await events(started.instance.id)).toEqual([[1, 'charge:1', 'ActivityCompleted']])
  })

  it('hides no other writer: a transition with other events at its place is lost', async () => {
    const commit = commitTo()
    const started = startLeased()
    await commit([started])
    const position = { id: started.instance.id, epoch: 1, nextSeq: 1 }
    const other = transition(position, { events: [activityCompleted('ship:1')] })
    const unit = transition(position, { events: [activityCompleted('charge:1')] })
    await commit([other])
    faults.before = 1
    expect(kinds(await commit([unit]))).toEqual(['lost'])
  })

  it('a transition that did not reach the database meets the cancel that came meanwhile', async () => {
    const commit = commitTo()
    const started = startLeased()
    await commit([started])
    await database.transaction((sql) =>
      sql.run('UPDATE workflow_instances SET cancel_requested_at = ?, cancel_reason = ? WHERE id = ?', [
        START,
        'enough',
        started.instance.id,
      ]),
    )
    const unit = transition({ id: started.instance.id, epoch: 1, nextSeq: 1 }, { events: [activityCompleted()] })
    faults.after = 1
    expect(await commit([unit])).toMatchObject([{ kind: 'cancel', nextSeq: 2, reason: 'enough' }])
  })

  it('after COMMIT: what was claimed with it is due for whoever comes, with what was recorded', async () => {
    const { commit } = createCommit(database)
    const waiting = startLeased({}, { asks: [subscribeTo('news', 'broadcast')] })
    const { id } = waiting.instance
    await commit([waiting])
    await commit([transition({ id, epoch: 1, nextSeq: 2 }, parked({ waits: [messageWait('news')] }))])
    faults.after = 1
    const claim = { workerId: 'worker-2', workflowNames: ['order'], limit: 10, isWarm: () => true }
    const [verdict] = await commit([publish(delivery([message('news', 'hello')]))], { claim })
    expect(verdict).toMatchObject({ kind: 'published', wakes: { ready: [] } })
    expect(await reading().instance(id)).toMatchObject({ epoch: 2, nextSeq: 3, leaseOwner: null, wakeAt: START })
    expect((await events(id)).at(-1)).toEqual([2, 'receive_news:1', 'ChannelMessageReceived'])
  })
})

describe('a session whose COMMIT gets no answer', () => {
  const begun = async () => {
    const started = startLeased()
    await commitTo()([started])
    return transition({ id: started.instance.id, epoch: 1, nextSeq: 1 }, { events: [activityCompleted()] })
  }
  /** The transaction ends as `really` says, and whoever asked for the COMMIT hears that the connection is gone. */
  const losing = (really: 'commit' | 'rollback') => {
    const { interactive } = database
    database.interactive = async (options) => {
      const transaction = await interactive(options)
      const lost = async () => {
        await transaction[really]()
        throw new ConnectionLost('COMMIT')
      }
      return { ...transaction, commit: lost }
    }
    return createSessions(database).openSession({ timeoutMs: 5_000 })
  }

  it('is recognised when it was committed: what is recorded does not run again', async () => {
    const unit = await begun()
    const session = await losing('commit')
    expect(await session.commit(unit)).toMatchObject({ kind: 'accepted', nextSeq: 2 })
    expect(await events(unit.instanceId)).toEqual([[1, 'charge:1', 'ActivityCompleted']])
  })

  it('has failed when it was not: the attempt may be made again', async () => {
    const unit = await begun()
    const session = await losing('rollback')
    await expect(session.commit(unit)).rejects.toThrow(ConnectionLost)
    expect(await events(unit.instanceId)).toEqual([])
  })
})
