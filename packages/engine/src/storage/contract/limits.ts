/** What the edges let in fits the columns, on every database: the longest of everything, in characters that take more than one byte. */
import { expect, it } from 'vitest'
import {
  activityCompleted,
  auditEntry,
  cloudEvent,
  delivery,
  eventWait,
  freshId,
  known,
  message,
  messageWait,
  newInstance,
  outboxRow,
  publish,
  START,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

/** A text of so many UTF-16 units, as edges count them; three bytes each on their way to a database. */
const long = (units: number, begin = '') => begin + '漢'.repeat(units - begin.length)
/** Beyond what a MySQL TEXT holds. */
const HUGE = long(70_000)

export function limitsContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  it('an instance with the longest names, ids and texts', async () => {
    const tags = JSON.stringify({ k: HUGE })
    const id = long(150, freshId('instance'))
    const origin = { originId: long(150), originStartedAt: START, forkedFrom: long(150) }
    const row = await fixture.startLeased(
      { id, workflowName: long(150), ownerService: long(100), tags, version: 2_147_483_647, ...origin },
      { events: [activityCompleted(long(200))] },
    )
    expect(row).toMatchObject({ id, workflowName: long(150), tags, ...origin })
    const verb = { type: 'suspend', reason: HUGE } as const
    const audit = auditEntry(id, { actor: long(191), target: long(350), reason: long(10_000), requestId: long(64) })
    expect(await fixture.storage.operate(id, verb, { now: START, audit })).toMatchObject({ kind: 'done' })
    expect((await fixture.row(id)).suspendReason).toBe(HUGE)
    const cancel = { type: 'cancel', by: long(191), reason: long(10_000) } as const
    expect(await fixture.storage.operate(id, cancel, { now: START, audit: null })).toMatchObject({ kind: 'done' })
  })

  it('a direct channel of the longest name, over a recur', async () => {
    const id = long(150, freshId('instance'))
    const channel = `${long(150)}:${id}`
    await fixture.startLeased({ id }, { asks: [subscribeTo(channel, 'direct', long(200))] })
    const successor = newInstance({ id: long(150, freshId('instance')), continuedFrom: id })
    const unit = transition(await fixture.row(id), { status: 'recurred', lease: 'release', recur: successor })
    await fixture.commit(unit, 'accepted')
    const moved = `${long(150)}:${successor.id}`
    expect(await fixture.storage.subscriptions(successor.id)).toMatchObject([{ channel: moved }])
    const sent = message(moved, HUGE, { id: long(250), targetInstanceId: successor.id, metadata: JSON.stringify(HUGE) })
    await fixture.commit(publish(delivery([sent])), 'published')
    await fixture.claim({ instanceIds: [successor.id] })
    await fixture.apply(successor.id, { waits: [messageWait(moved, long(200))] })
    expect((await fixture.events(successor.id)).at(-1)?.data).toMatchObject({ id: long(250), data: HUGE })
  })

  it('an event with the longest type, source and id, for a wait with the longest condition', async () => {
    const where = Object.fromEntries(
      Array.from({ length: 10 }, (_, n) => [
        Array(8)
          .fill(`${'p'.repeat(63)}${n}`)
          .join('.'),
        HUGE,
      ]),
    )
    const [type, source, eventId] = [long(255), `/${'s'.repeat(499)}`, long(250)]
    const waits = [eventWait(type, null, long(200)), eventWait(type, where, 'conditional')]
    const { id } = await fixture.startLeased({}, { waits })
    await fixture.commit(publish(cloudEvent(type, 1, { id: eventId, source })), 'published')
    await fixture.apply(id, { waits: waits.map(known), poll: true })
    expect((await fixture.events(id)).at(-1)?.data).toMatchObject({ type, source, id: eventId })
    expect((await fixture.storage.waits({ instanceId: id, limit: 5 }))[0]?.where).toEqual(where)
    expect(await fixture.storage.inbox({ limit: 1 })).toMatchObject([{ type, source, id: eventId }])
  })

  it('an outgoing event with the longest of everything', async () => {
    const row = outboxRow({
      type: long(255),
      source: long(512),
      contentType: long(191),
      subject: long(8_192),
      extensions: JSON.stringify({ a: HUGE }),
      partitionKey: long(191),
    })
    await fixture.startLeased({}, { outbox: [row] })
    expect(await fixture.storage.outbox({ limit: 1 })).toMatchObject([row])
    const { rows } = await fixture.storage.leaseOutbox({ token: 't', limit: 1, leaseMs: 1_000 })
    const settled = { id: row.id, status: 'failed', nextAttemptAt: null, lastError: HUGE, countAttempt: true } as const
    expect(rows).toHaveLength(1)
    await fixture.storage.settleOutbox('t', [settled])
    const [stored] = await fixture.storage.outbox({ limit: 1 })
    expect(HUGE.startsWith(stored?.lastError ?? 'nothing')).toBe(true)
  })

  it('definitions and workers that have much to say', async () => {
    const definition = {
      name: long(150),
      sourceHash: 'h'.repeat(64),
      source: HUGE,
      inputSchema: HUGE,
      outputSchema: HUGE,
      description: HUGE,
      version: 2_147_483_647,
      eventType: long(150),
      createdAt: START,
    }
    await fixture.storage.saveDefinitions([definition])
    expect(await fixture.storage.definitions()).toEqual([definition])
    const worker = {
      id: long(150),
      service: long(100),
      host: 'h'.repeat(253),
      pid: 4_194_304,
      info: JSON.stringify({ workflows: HUGE }),
      startedAt: START,
      heartbeatAt: START,
    }
    await fixture.storage.heartbeat(worker)
    expect(await fixture.storage.workers()).toEqual([worker])
  })
}
