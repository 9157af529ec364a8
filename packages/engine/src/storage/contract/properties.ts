/**
 * Promises under every order of events: broadcast is complete and in order, competing is exactly once, no wake-up is lost, the fence holds, a flush is as
 * good as its units one by one. Moves of one round run at the same time, so that real databases race.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Unit, Verdict } from '../storage'
import {
  activityCompleted,
  cloudEvent,
  completed,
  delivery,
  freshId,
  message,
  outboxRow,
  publish,
  START,
  start,
  startLeased,
  transition,
} from './builders'
import { type Fixture, type MakeStorage, useStorage } from './fixture'
import { Receiver, type ReceiverOptions, settle, type WaitKind } from './receiver'

type Move =
  | { readonly type: 'publish' }
  | { readonly type: 'step'; readonly who: number; readonly lease: 'keep' | 'release' }
  | { readonly type: 'withdraw' | 'crash' | 'interrupt'; readonly who: number }

const RECEIVERS = 3
const who = fc.nat({ max: RECEIVERS - 1 })
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Move>({ type: 'publish' }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('step' as const), who, lease: fc.constantFrom('keep', 'release') }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('withdraw', 'crash', 'interrupt'), who }) },
)
/** Moves of one round run together; one receiver makes one move a round. */
const rounds = fc.array(
  fc.uniqueArray(move, {
    minLength: 1,
    maxLength: 4,
    selector: (made) => (made.type === 'publish' ? Symbol('publish') : made.who),
  }),
  { maxLength: 25 },
)

export function propertiesContract(makeStorage: MakeStorage, runs: number): void {
  const fixture = useStorage(makeStorage)
  const check = async <Value>(
    arbitrary: fc.Arbitrary<Value>,
    property: (value: Value) => Promise<void>,
  ): Promise<void> => {
    await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns: runs })
  }

  it('broadcast: each subscriber gets every message after its cut, exactly once, in order', async () => {
    await check(rounds, async (script) => {
      const { receivers, stored } = await play(fixture, 'broadcast', script)
      for (const receiver of receivers) {
        const expected = stored.filter(({ seq }) => seq > receiver.cut).map(({ id }) => id)
        expect(receiver.received).toEqual(expected)
      }
    })
  }, 120_000)

  it('competing: each message reaches exactly one receiver, and none is left beside an idle one', async () => {
    await check(rounds, async (script) => {
      const { receivers, published, stored } = await play(fixture, 'competing', script)
      expect(receivers.flatMap(({ received }) => received).toSorted()).toEqual(published.toSorted())
      expect(stored).toEqual([])
    })
  }, 120_000)

  it.each<WaitKind>(['broadcast', 'competing', 'direct', 'event', 'event with a condition'])(
    'no wake-up is lost between a publisher and a parking receiver (%s)',
    async (kind) => {
      for (const slots of pairsOf(8)) await interleave(fixture, kind, slots)
    },
    120_000,
  )

  it('fence: of many owners with old and new positions only the present one writes, and history has no gaps', async () => {
    const attempts = fc.array(
      fc.record({ owner: fc.nat({ max: 2 }), act: fc.constantFrom('write', 'takeover', 'together') }),
      { maxLength: 30 },
    )
    await check(attempts, async (script) => {
      const workflowName = freshId('workflow')
      const row = await fixture.startLeased({ workflowName })
      const owners = [{ ...row }, { ...row }, { ...row }]
      const written: string[] = []
      const write = async (index: number): Promise<void> => {
        const mine = owners[index]
        if (!mine) return
        const name = freshId('step')
        const [verdict] = await fixture.storage.commit([transition(mine, { events: [activityCompleted(name)] })])
        if (verdict?.kind !== 'accepted') return
        written.push(name)
        mine.nextSeq = verdict.nextSeq
      }
      for (const { owner, act } of script) {
        if (act === 'write') await write(owner)
        else if (act === 'together') await Promise.all([0, 1, 2].map(write))
        else {
          await fixture.storage.expireLeases('worker-1')
          const [claimed] = await fixture.claim({ workflowNames: [workflowName] })
          if (claimed) owners[owner] = { ...claimed.row }
        }
      }
      const recorded = await fixture.events(row.id)
      expect(recorded.map(({ activityId }) => activityId)).toEqual(written)
      expect(recorded.map(({ seq }) => seq)).toEqual(written.map((_, index) => index + 1))
    })
  }, 120_000)

  it('flush: every unit is whole or absent, whatever stands beside it', async () => {
    const kinds = fc.array(fc.constantFrom('good', 'lost', 'poison', 'exists', 'start', 'event', 'repeat'), {
      minLength: 1,
      maxLength: 12,
    })
    await check(kinds, async (script) => {
      const made = await Promise.all(script.map((kind) => unitOf(fixture, kind)))
      const verdicts = await fixture.storage.commit(made.map(({ unit }) => unit))
      expect(verdicts.map(outcomeOf)).toEqual(made.map(({ outcome }) => outcome))
      for (const { outcome, isWritten } of made)
        expect(await isWritten()).toBe(outcome === 'accepted' || outcome === 'published')
    })
  }, 120_000)

  it('claims: an instance has one owner at a time, and its epoch only rises', async () => {
    const script = fc.array(
      fc.record({
        worker: fc.nat({ max: 2 }),
        limit: fc.integer({ min: 1, max: 3 }),
        wait: fc.constantFrom(0, 10_000, 31_000),
      }),
      { maxLength: 25 },
    )
    await check(script, async (moves) => {
      const workflowName = freshId('workflow')
      const begun = fixture.clock.now()
      await fixture.storage.commit([1, 2, 3].map(() => start({ workflowName, startedAt: begun, wakeAt: begun })))
      const owned = new Map<string, { readonly until: number; readonly epoch: number }>()
      for (const { worker, limit, wait } of moves) {
        fixture.clock.advance(wait)
        const now = fixture.clock.now()
        const claims = await Promise.all(
          [worker, (worker + 1) % 3].map((index) =>
            fixture.claim({ workerId: `worker-${index}`, workflowNames: [workflowName], limit }),
          ),
        )
        for (const { row, takenOver } of claims.flat()) {
          const before = owned.get(row.id)
          expect(before?.until ?? 0).toBeLessThanOrEqual(now)
          expect(takenOver).toBe(before !== undefined)
          expect(row.epoch).toBe((before?.epoch ?? 0) + 1)
          owned.set(row.id, { until: row.leaseUntil ?? 0, epoch: row.epoch })
        }
      }
    })
  }, 120_000)

  it('outbox: per partition key in order, nothing given out twice while it is leased, nothing lost', async () => {
    const act = fc.record({
      relay: fc.nat({ max: 1 }),
      end: fc.constantFrom('published', 'again', 'failed', 'crash'),
      wait: fc.constantFrom(0, 400, 1_000),
    })
    const keys = fc.array(fc.constantFrom('a', 'b', null), { minLength: 1, maxLength: 8 })
    await check(fc.tuple(keys, fc.array(act, { maxLength: 30 })), async ([partitionKeys, script]) => {
      const prefix = freshId('key')
      const rows = partitionKeys.map((key) => outboxRow({ partitionKey: key === null ? null : `${prefix} ${key}` }))
      await fixture.startLeased({ workflowName: freshId('workflow') }, { outbox: rows })
      const open = new Set(rows.map(({ id }) => id))
      const leasedUntil = new Map<string, number>()
      for (const { relay, end, wait } of [
        ...script,
        ...rows.map(() => ({ relay: 0, end: 'published', wait: 1_000 }) as const),
      ]) {
        fixture.clock.advance(wait)
        const token = `relay-${relay}`
        const leased = await fixture.storage.leaseOutbox({ token, limit: 3, leaseMs: 1_000 })
        for (const { id, partitionKey } of leased.rows) {
          const first = rows.find((row) => open.has(row.id) && row.partitionKey === partitionKey)
          if (partitionKey !== null) expect(id).toBe(first?.id)
          expect(leasedUntil.get(id) ?? 0).toBeLessThanOrEqual(fixture.clock.now())
          leasedUntil.set(id, fixture.clock.now() + 1_000)
        }
        if (end === 'crash') continue
        const status = end === 'again' ? 'pending' : end
        const nextAttemptAt = end === 'again' ? fixture.clock.now() : null
        const results = leased.rows.map(
          ({ id }) => ({ id, status, nextAttemptAt, lastError: null, countAttempt: true }) as const,
        )
        await fixture.storage.settleOutbox(token, results)
        for (const { id } of results) {
          leasedUntil.delete(id)
          if (status !== 'pending') open.delete(id)
        }
      }
      expect([...open]).toEqual([])
    })
  }, 120_000)
}

/** Runs a script with three receivers on one channel, then lets them settle. */
async function play(fixture: Fixture, kind: 'broadcast' | 'competing', script: readonly (readonly Move[])[]) {
  const options: ReceiverOptions = { kind, channel: freshId('channel'), workflowName: freshId('workflow') }
  const receivers = Array.from({ length: RECEIVERS }, () => new Receiver(fixture.storage, options))
  const published: string[] = []
  const send = async (): Promise<void> => {
    const sent = message(options.channel, { to: 'us' })
    await fixture.commit(publish(delivery([sent])), 'published')
    published.push(sent.id)
  }
  // One is there from the start, the others subscribe while messages come in.
  await receivers[0]?.subscribe()
  await Promise.all([send(), ...receivers.slice(1).map((receiver) => receiver.subscribe()), send()])
  const make = async (made: Move): Promise<void> => {
    const receiver = made.type === 'publish' ? undefined : receivers[made.who]
    if (made.type === 'publish') await send()
    else if (made.type === 'step') await receiver?.step(made.lease)
    else if (made.type === 'interrupt') await receiver?.interrupt(START)
    else await receiver?.[made.type]()
  }
  for (const round of script) await Promise.all(round.map(make))
  await settle(receivers)
  const stored = await fixture.storage.messages(options.channel, { after: 0, limit: 1_000 })
  return { receivers, published, stored }
}

/**
 * A receiver subscribes, opens a wait under its lease, parks, and goes on as it is woken. Two messages come in, each before (even slots) or at the same
 * time as (odd slots) one of these moves. It must get both.
 */
async function interleave(fixture: Fixture, kind: WaitKind, slots: readonly number[]): Promise<void> {
  const options: ReceiverOptions = { kind, channel: freshId('channel'), workflowName: freshId('workflow') }
  const receiver = new Receiver(fixture.storage, options)
  const sent: string[] = []
  const sendAt = async (slot: number): Promise<void> => {
    for (const _ of slots.filter((chosen) => chosen === slot)) {
      const outgoing = message(receiver.channel, { to: 'us' })
      await fixture.commit(publish(delivery([outgoing])), 'published')
      sent.push(outgoing.id)
    }
  }
  await receiver.subscribe()
  const moves = ['keep', 'release', 'release', 'release'] as const
  for (const [index, lease] of moves.entries()) {
    await sendAt(2 * index)
    await Promise.all([receiver.step(lease), sendAt(2 * index + 1)])
  }
  await settle([receiver])
  expect({ slots, received: receiver.received.toSorted() }).toEqual({ slots, received: sent.toSorted() })
}

function pairsOf(slots: number): readonly (readonly number[])[] {
  const all = Array.from({ length: slots }, (_, slot) => slot)
  return all.flatMap((first) => all.filter((second) => second >= first).map((second) => [first, second]))
}

interface MadeUnit {
  readonly unit: Unit
  /** The verdict's kind; `repeat` for a publish that was known. */
  readonly outcome: Verdict['kind'] | 'repeat'
  /** Whether anything of it is there. */
  isWritten(): Promise<boolean>
}

async function unitOf(fixture: Fixture, kind: string): Promise<MadeUnit> {
  const { storage } = fixture
  if (kind === 'start') {
    const unit = startLeased({ workflowName: freshId('workflow') }, { events: [activityCompleted()] })
    return {
      unit,
      outcome: 'accepted',
      isWritten: async () => (await storage.history(unit.instance.id, { after: 0, limit: 9 })).length === 1,
    }
  }
  if (kind === 'event' || kind === 'repeat') {
    const [id, channel] = [freshId('event'), freshId('channel')]
    if (kind === 'repeat') await fixture.commit(publish(cloudEvent(freshId('channel'), 1, { id })), 'published')
    const isWritten = async () => (await storage.messages(channel, { after: 0, limit: 9 })).length === 1
    return {
      unit: publish(cloudEvent(channel, 1, { id })),
      outcome: kind === 'event' ? 'published' : 'repeat',
      isWritten,
    }
  }
  const row = await fixture.startLeased({ workflowName: freshId('workflow') })
  if (kind === 'exists') {
    const unit = startLeased({ id: row.id }, { events: [activityCompleted()] })
    return {
      unit,
      outcome: 'exists',
      isWritten: async () => (await storage.history(row.id, { after: 0, limit: 9 })).length > 0,
    }
  }
  const [channel, taken] = [freshId('channel'), outboxRow()]
  if (kind === 'poison') await fixture.startLeased({ workflowName: freshId('workflow') }, { outbox: [taken] })
  const body = {
    events: [activityCompleted()],
    messages: [message(channel, 1)],
    state: '"written"',
    outbox: [kind === 'poison' ? { ...outboxRow(), id: taken.id } : outboxRow()],
    ...completed(),
  }
  const unit = transition(kind === 'lost' ? { ...row, epoch: row.epoch + 1 } : row, body)
  const isWritten = async () => {
    const traces = [
      (await fixture.row(row.id)).status === 'completed',
      (await fixture.row(row.id)).state === '"written"',
      (await storage.history(row.id, { after: 0, limit: 9 })).length === 1,
      (await storage.messages(channel, { after: 0, limit: 9 })).length === 1,
    ]
    if (new Set(traces).size !== 1) throw new Error(`Half of a unit was written: ${traces.join(' ')}`)
    return traces[0] === true
  }
  return { unit, outcome: kind === 'lost' ? 'lost' : kind === 'poison' ? 'failed' : 'accepted', isWritten }
}

function outcomeOf(verdict: Verdict): MadeUnit['outcome'] {
  return verdict.kind === 'published' && verdict.deliveries.some(({ duplicate }) => duplicate) ? 'repeat' : verdict.kind
}
