import { expect, onTestFinished, test } from 'vitest'
import { workflow } from '../index'
import { createMemoryStorage } from '../storage/memory/memory-storage'
import type { Storage } from '../storage/storage'
import { createTestApp } from '../testing/index'

/** A database whose answers to claims can be held up on their way back. */
function slowClaims() {
  let held: Promise<void> | undefined
  let release = (): void => {}
  let claims = 0
  return {
    hold() {
      held = new Promise((resolve) => {
        release = resolve
      })
    },
    release() {
      held = undefined
      release()
    },
    /** Resolves when this many claims have been asked for. */
    async asked(count: number) {
      while (claims < count) await new Promise((resolve) => setImmediate(resolve))
    },
    get count() {
      return claims
    },
    over(storage: Storage): Storage {
      const claim: Storage['claim'] = async (request) => {
        const answer = await storage.claim(request)
        claims++
        await held
        return answer
      }
      return new Proxy(storage, {
        get: (target, name) => (name === 'claim' ? claim : Reflect.get(target, name)),
      })
    },
  }
}

test('a timer that is set while the answer to a claim is on its way is not slept through', async () => {
  const claims = slowClaims()
  const sleeper = workflow('sleeper', async (ctx, seconds: number) => {
    await ctx.sleep(seconds)
    return 'awake'
  })
  const kit = await createTestApp({
    workflows: [sleeper],
    storage: async (clock) => claims.over(await createMemoryStorage({ clock })),
  })
  onTestFinished(() => kit.close())
  await kit.settle()

  claims.hold()
  const before = claims.count
  await kit.start(sleeper, 1, { delay: '1h' })
  await claims.asked(before + 1)
  const run = await kit.start(sleeper, 10)
  while ((await run.status()) !== 'waiting_for_timer') await new Promise((resolve) => setImmediate(resolve))
  claims.release()
  await kit.settle()
  await kit.advance('10s')
  expect(await run.status()).toBe('completed')
})
