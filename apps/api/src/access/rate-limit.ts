/** Token buckets by key. The number of buckets is bounded: when it is reached, those that are full again, hence say nothing, are dropped. */
export interface RateLimit {
  /** @returns seconds to wait, or 0 when the request may pass */
  take(key: string): number
}

const MOST_BUCKETS = 10_000

export function createRateLimit({
  perSecond,
  burst,
  now = () => performance.now(),
}: {
  readonly perSecond: number
  readonly burst: number
  readonly now?: () => number
}): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>()
  const fillMs = (burst / perSecond) * 1_000

  const sweep = (time: number): void => {
    for (const [key, { at }] of buckets) if (time - at >= fillMs) buckets.delete(key)
    // all of them are in use: forgetting the oldest forgives a little, refusing everybody would do worse
    for (const key of buckets.keys()) {
      if (buckets.size < MOST_BUCKETS) break
      buckets.delete(key)
    }
  }

  return {
    take(key) {
      const time = now()
      const bucket = buckets.get(key)
      if (!bucket && buckets.size >= MOST_BUCKETS) sweep(time)
      const left = bucket ? Math.min(burst, bucket.left + ((time - bucket.at) / 1_000) * perSecond) : burst
      const passes = left >= 1
      buckets.delete(key)
      buckets.set(key, { left: passes ? left - 1 : left, at: time })
      return passes ? 0 : Math.max(1, Math.ceil((1 - left) / perSecond))
    },
  }
}
