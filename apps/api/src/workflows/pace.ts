/** Sample activities take a moment, as real ones do, and end at once when they are told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ActivityContext } from '@edda/engine'

export async function work(ctx: ActivityContext, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: ctx.signal })
}

/** A number from 0 to 99 that depends on the text only: so a sample's fate is the same on every attempt and every run. */
export function fateOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash >>> 8) % 100
}
