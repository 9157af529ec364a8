/** Waiting between attempts of what another transaction or process got in the way of: short, growing, jittered so that rivals do not march in step. */
import { setTimeout as sleep } from 'node:timers/promises'

/** @param attempt from 1 */
export async function backoff(attempt: number, maxMs = 50): Promise<void> {
  const ceiling = Math.min(maxMs, 2 ** attempt)
  await sleep(1 + Math.random() * ceiling)
}
