/** One open subscription: what it has not been told yet, merged, and whoever waits for it. */
import type { Difference } from './difference'

export interface Listener {
  readonly watch: readonly string[]
  tell(difference: Difference): void
  /** @returns null when it is over */
  next(): Promise<Difference | null>
  end(): void
}

export function createListener(watch: readonly string[], signal: AbortSignal): Listener {
  let untold: Difference | null = null
  let ended = signal.aborted
  let wake: (() => void) | null = null

  const end = (): void => {
    ended = true
    wake?.()
  }
  signal.addEventListener('abort', end, { once: true })

  return {
    watch,
    end,
    tell({ topics, instanceIds }) {
      untold ??= { topics: new Set(), instanceIds: new Set() }
      for (const topic of topics) untold.topics.add(topic)
      for (const id of instanceIds) untold.instanceIds.add(id)
      wake?.()
    },
    async next() {
      while (!untold && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      wake = null
      const told = untold
      untold = null
      return ended ? null : told
    },
  }
}
