/**
 * The work that every contender does, and how it is timed: a thousand workflows of five no-op steps together; one workflow of one step, start to
 * result; one workflow of a thousand steps; an event sent to a workflow that waits for it, to its result. Contenders only say how they start one and
 * wait for it.
 */
export interface Contender {
  readonly name: string
  /** Starts a workflow of `steps` steps; resolves with its result. */
  run(steps: number): Promise<unknown>
  /** Starts a workflow that waits for an event of its own; resolves with what sends the event and resolves with the result. */
  wait?(key: string): Promise<() => Promise<unknown>>
  /** What it counts about itself: transitions, flushes. */
  counters?(): Readonly<Record<string, number>>
  close(): Promise<void>
}

export interface Figures {
  /** Steps a second: 1,000 workflows × 5 steps together. */
  readonly stepsPerSecond: number
  /** One workflow of one step, start to result, ms. */
  readonly oneStepP50: number
  readonly oneStepP99: number
  /** ms per step of one workflow of 1,000 steps. */
  readonly sequentialStep: number
  /** From sending an event to the result of the workflow that waited for it, ms. */
  readonly wakeP50?: number
}

export interface Sizes {
  readonly rounds: number
  /** Rounds that are not counted: what is measured is compiled code. */
  readonly warmUp: number
  readonly together: number
  readonly single: number
  readonly long: number
  /** Workflows that wait for an event each. */
  readonly waiting: number
  /** No longer than this for what is repeated one after the other: who needs a second for each gets fewer of them. */
  readonly patienceMs: number
}

export const SIZES: Sizes = {
  rounds: 7,
  warmUp: 3,
  together: 1_000,
  single: 200,
  long: 1_000,
  waiting: 100,
  patienceMs: 4_000,
}

/** One round of everything; the first of a process is a warm-up and is thrown away by the caller. */
export async function measure(contender: Contender, sizes: Sizes = SIZES): Promise<Figures> {
  const together = await timed(() => allTogether(contender, sizes.together))
  const latencies = await oneByOne(sizes.single, sizes.patienceMs, () => timed(() => contender.run(1)))
  const long = await timed(() => contender.run(sizes.long))
  const wakes = await measureWakes(contender, sizes)
  return {
    stepsPerSecond: (sizes.together * 5 * 1_000) / together,
    oneStepP50: quantile(latencies, 0.5),
    oneStepP99: quantile(latencies, 0.99),
    sequentialStep: long / sizes.long,
    ...(wakes.length > 0 && { wakeP50: quantile(wakes, 0.5) }),
  }
}

/** The same work for a while, so that what is measured afterwards is compiled code and filled caches. */
export async function warmUp(contender: Contender, ms: number): Promise<void> {
  const end = performance.now() + ms
  do {
    await allTogether(contender, 200)
    await oneByOne(20, ms / 10, () => contender.run(1))
    await contender.run(100)
  } while (performance.now() < end)
}

export interface Counts {
  /** Transitions of one workflow of n activities, one after the other. */
  readonly sequential: { readonly activities: number; readonly transitions: number }
  /** The same of many workflows together, and the transactions they were written in. */
  readonly together: { readonly activities: number; readonly transitions: number; readonly flushes: number }
}

/** What the work costs in transitions and flushes, counted apart from the timing. */
export async function count(contender: Contender, sizes: Sizes = SIZES): Promise<Counts> {
  const during = async (work: () => Promise<unknown>): Promise<{ transitions: number; flushes: number }> => {
    const before = contender.counters?.() ?? {}
    await work()
    const after = contender.counters?.() ?? {}
    const of = (key: string): number => (after[key] ?? 0) - (before[key] ?? 0)
    return { transitions: of('transitions'), flushes: of('flushes') }
  }
  const { transitions } = await during(() => contender.run(sizes.long))
  return {
    sequential: { activities: sizes.long, transitions },
    together: {
      activities: sizes.together * 5,
      ...(await during(() => allTogether(contender, sizes.together))),
    },
  }
}

async function measureWakes({ wait }: Contender, sizes: Sizes): Promise<readonly number[]> {
  if (!wait) return []
  const run = `${process.pid}-${Date.now()}`
  const senders = await Promise.all(Array.from({ length: sizes.waiting }, (_, i) => wait(`${run}-${i}`)))
  // long enough for all of them to have come to their wait and gone to rest
  await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, sizes.waiting * 10)))
  const latencies = await oneByOne(senders.length, sizes.patienceMs, (i) => timed(async () => senders[i]?.()))
  await Promise.all(senders.slice(latencies.length).map((send) => send()))
  return latencies
}

async function allTogether(contender: Contender, workflows: number): Promise<void> {
  await Promise.all(Array.from({ length: workflows }, () => contender.run(5)))
}

async function oneByOne<T>(times: number, patienceMs: number, work: (i: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = []
  const end = performance.now() + patienceMs
  for (let i = 0; i < times && performance.now() < end; i++) results.push(await work(i))
  return results
}

export async function timed(fn: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await fn()
  return performance.now() - began
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}
