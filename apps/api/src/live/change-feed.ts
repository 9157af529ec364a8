/**
 * What changed, told to every open dashboard: one poller for all of them, and none while nobody listens.
 *
 * 1. Two sources: this process notes its own acts and hooks at once; the poller compares marks (newest keys, and the state of the instances that some
 *    view shows) twice a second, which finds what other processes did.
 * 2. Changes are coalesced: a listener gets at most one event per window, however much happens and however slowly it reads.
 * 3. Every event has a number. A listener that comes back with its last one gets what it missed, merged; when that is too long ago, or from another
 *    process, it is told to start over (`reset`).
 * 4. A change says that something is different, never what it is now: views refetch.
 */
import { randomBytes } from 'node:crypto'
import type { EngineApp, Marks } from '../engine'
import { type Difference, differences, TOPICS, type Topic } from './difference'
import { createListener, type Listener } from './listener'

export interface Change {
  /** Pass the last one as `lastEventId` after a gap (tRPC's link does). */
  readonly id: string
  /** Changes may have been missed: refetch everything. */
  readonly reset: boolean
  /** Views of these topics refetch. The first event of a fresh subscription names what it watches, since that may have changed before it listened. */
  readonly topics: readonly Topic[]
  /** Instances known to have changed; `instances` without ids means that some did. */
  readonly instanceIds: readonly string[]
  readonly at: Date
}

export interface ChangeFeed {
  /** @throws RangeError when too many listen already */
  listen(listening: {
    readonly watch: readonly string[]
    readonly lastEventId: string | null
    readonly signal: AbortSignal
  }): AsyncGenerator<Change, void, undefined>
  /** Something changed in this process: told with the next window. */
  note(topic: Topic, instanceId?: string): void
  close(): void
}

export interface FeedOptions {
  readonly admin: Pick<EngineApp['admin'], 'instances'>
  /** Told when marks cannot be read; the feed goes on trying. */
  readonly onError: (error: unknown) => void
  readonly pollMs?: number
  readonly windowMs?: number
  readonly now?: () => Date
}

const MOST_LISTENERS = 1_000
const KEPT_EVENTS = 1_000
const MOST_IDS = 500
/** Workers only move their heartbeat: they are told every so many polls. */
const WORKERS_EVERY = 10

interface NumberedDifference extends Difference {
  readonly number: number
}

export function createChangeFeed({
  admin,
  onError,
  pollMs = 500,
  windowMs = 150,
  now = () => new Date(),
}: FeedOptions): ChangeFeed {
  const epoch = randomBytes(4).toString('hex')
  const listeners = new Set<Listener>()
  const kept: NumberedDifference[] = []
  let number = 0
  let gathering: Difference | null = null
  let window: NodeJS.Timeout | undefined
  let poll: NodeJS.Timeout | undefined
  let polls = 0
  let known: Marks | null = null
  let closed = false

  const note = (topic: Topic, instanceId?: string): void => {
    gathering ??= { topics: new Set(), instanceIds: new Set() }
    gathering.topics.add(topic)
    if (instanceId !== undefined) gathering.instanceIds.add(instanceId)
    window ??= setTimeout(flush, windowMs)
    window.unref()
  }
  const flush = (): void => {
    window = undefined
    const difference = gathering
    gathering = null
    if (!difference || closed) return
    kept.push({ number: ++number, ...difference })
    if (kept.length > KEPT_EVENTS) kept.shift()
    for (const listener of listeners) listener.tell(difference)
  }
  const toChange = ({ topics, instanceIds }: Difference, reset = false): Change => ({
    id: `${epoch}-${number}`,
    reset,
    topics: [...topics],
    instanceIds: instanceIds.size > MOST_IDS ? [] : [...instanceIds],
    at: now(),
  })
  const readMarks = async (): Promise<void> => {
    const watched = new Set([...listeners].flatMap(({ watch }) => watch))
    const marks = await admin.instances.marks([...watched])
    if (known) for (const [topic, id] of differences(known, marks, watched)) note(topic, id)
    known = marks
  }
  const tick = async (): Promise<void> => {
    try {
      await readMarks()
      if (++polls % WORKERS_EVERY === 0) note('workers')
    } catch (error) {
      onError(error)
    }
    poll = listeners.size > 0 && !closed ? setTimeout(() => void tick(), pollMs).unref() : undefined
  }
  /** What was missed since an event, or null when that cannot be said. */
  const since = (lastEventId: string): Difference | null => {
    const [from, text] = lastEventId.split('-')
    const last = Number(text)
    if (from !== epoch || !Number.isInteger(last) || last > number || last < (kept[0]?.number ?? number + 1) - 1)
      return null
    const missed = kept.filter((difference) => difference.number > last)
    return {
      topics: union(missed.map(({ topics }) => topics)),
      instanceIds: union(missed.map(({ instanceIds }) => instanceIds)),
    }
  }
  const greeting = (listener: Listener, lastEventId: string | null): Change => {
    const missed = lastEventId === null ? null : since(lastEventId)
    if (lastEventId !== null && !missed) return toChange({ topics: new Set(TOPICS), instanceIds: new Set() }, true)
    const watched: Difference = {
      topics: new Set(listener.watch.length > 0 ? ['instances'] : []),
      instanceIds: new Set(listener.watch),
    }
    return toChange(missed ?? watched)
  }

  return {
    note,
    async *listen({ watch, lastEventId, signal }) {
      if (listeners.size >= MOST_LISTENERS) throw new RangeError(`More than ${MOST_LISTENERS} subscriptions are open`)
      const listener = createListener(watch, signal)
      listeners.add(listener)
      try {
        // the poller's next look compares with this one, so nothing falls between the view's own fetch and its subscription
        await readMarks().catch(onError)
        poll ??= setTimeout(() => void tick(), pollMs).unref()
        yield greeting(listener, lastEventId)
        for (let difference = await listener.next(); difference !== null; difference = await listener.next())
          yield toChange(difference)
      } finally {
        listeners.delete(listener)
        if (listeners.size === 0) {
          clearTimeout(poll)
          poll = undefined
        }
      }
    },
    close() {
      closed = true
      clearTimeout(window)
      clearTimeout(poll)
      for (const listener of listeners) listener.end()
    },
  }
}

function union<Member>(sets: readonly Set<Member>[]): Set<Member> {
  return new Set(sets.flatMap((set) => [...set]))
}
