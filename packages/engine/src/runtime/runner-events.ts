import type { EndSummary } from './ending'

/** Why an instance is let go of here; what its attempts are aborted with. */
export const LET_GO = {
  lost: new Error('another worker owns this instance now'),
  overdue: new Error('the lease ended before it was renewed'),
  suspended: new Error('the instance is suspended'),
} as const

/** What becomes of an instance that runs here, told to whoever took it. */
export interface RunnerEvents<Runner> {
  /** The lease is released; the coroutine may be kept warm. */
  onParked(runner: Runner, wakeAt: number | null): void
  onEnded(runner: Runner, summary: EndSummary): void
  /** Fenced off, suspended, or beyond repair here: forget it. */
  onLost(runner: Runner): void
}
