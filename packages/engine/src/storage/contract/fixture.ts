/**
 * What every contract test works with: a fresh storage, its clock, and the few moves that tests repeat. A move that meets another verdict than the
 * expected one throws, so a test cannot pass on the wrong path.
 */
import { afterEach, beforeEach } from 'vitest'
import type { JsonValue } from '../../model/json'
import type { ClaimedInstance, InstanceRow, NewInstance, Storage, TransitionBody, Unit, Verdict } from '../storage'
import { delivery, message, publish, startLeased, transition } from './builders'

export interface StorageUnderTest {
  readonly storage: Storage
  /** The clock that the storage decides by; starts at `START` of builders.ts. */
  readonly clock: { now(): number; advance(ms: number): void }
  close(): Promise<void>
}
/** A new, empty, opened storage for each test. */
export type MakeStorage = () => Promise<StorageUnderTest>

export type VerdictOf<Kind extends Verdict['kind']> = Extract<Verdict, { kind: Kind }>

export interface Fixture extends Pick<StorageUnderTest, 'storage' | 'clock'> {
  /** Commits one unit, demands this verdict. */
  commit<Kind extends Verdict['kind']>(unit: Unit, kind: Kind): Promise<VerdictOf<Kind>>
  /** Starts an instance leased by `worker-1` and returns its row. */
  startLeased(instance?: Partial<NewInstance>, first?: Partial<TransitionBody>): Promise<InstanceRow>
  /** Applies a transition to the instance as it stands; returns the row after it. */
  apply(id: string, overrides: Partial<TransitionBody>): Promise<InstanceRow>
  publish(channel: string, data: unknown): Promise<VerdictOf<'published'>>
  row(id: string): Promise<InstanceRow>
  events(id: string): Promise<readonly RecordedEvent[]>
  claim(options?: ClaimOptions): Promise<readonly ClaimedInstance[]>
}
export interface ClaimOptions {
  readonly workerId?: string
  readonly workflowNames?: readonly string[]
  readonly limit?: number
  readonly instanceIds?: readonly string[]
}
export interface RecordedEvent {
  readonly seq: number
  readonly activityId: string
  readonly type: string
  readonly data: JsonValue
}

/** Call it once in a describe: the fixture is renewed for each test. */
export function useStorage(makeStorage: MakeStorage): Fixture {
  let current: StorageUnderTest | undefined
  beforeEach(async () => {
    current = await makeStorage()
  })
  afterEach(async () => {
    await current?.close()
    current = undefined
  })
  const under = (): StorageUnderTest => {
    if (!current) throw new Error('The storage exists only while a test runs')
    return current
  }
  return {
    get storage() {
      return under().storage
    },
    get clock() {
      return under().clock
    },
    ...movesOn(() => under().storage),
  }
}

function movesOn(storage: () => Storage): Omit<Fixture, 'storage' | 'clock'> {
  const commit: Fixture['commit'] = async (unit, kind) => {
    const [verdict] = await storage().commit([unit])
    return demand(verdict, kind)
  }
  const row: Fixture['row'] = async (id) => {
    const found = await storage().instance(id)
    if (!found) throw new Error(`No instance ${id}`)
    return found
  }
  return {
    commit,
    row,
    startLeased: async (instance, first) => {
      const unit = startLeased(instance, first)
      await commit(unit, 'accepted')
      return row(unit.instance.id)
    },
    apply: async (id, overrides) => {
      await commit(transition(await row(id), overrides), 'accepted')
      return row(id)
    },
    publish: (channel, data) => commit(publish(delivery([message(channel, data)])), 'published'),
    events: async (id) => {
      const rows = await storage().history(id, { after: 0, limit: 10_000 })
      return rows.map(({ seq, activityId, type, data }) => ({ seq, activityId, type, data: JSON.parse(data) }))
    },
    claim: async (options = {}) => {
      const { workerId = 'worker-1', workflowNames = ['order'], limit = 100, instanceIds } = options
      const claimed = await storage().claim({
        workerId,
        workflowNames,
        limit,
        ...(instanceIds ? { instanceIds } : {}),
      })
      return claimed.instances
    },
  }
}

export function demand<Kind extends Verdict['kind']>(verdict: Verdict | undefined, kind: Kind): VerdictOf<Kind> {
  if (verdict?.kind === kind) return verdict as VerdictOf<Kind>
  const why = verdict?.kind === 'failed' ? `: ${verdict.error.stack}` : ''
  throw new Error(`Expected the verdict '${kind}', got '${verdict?.kind}'${why}`)
}

export function ids(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map((row) => row.id)
}
