import { expect, test } from 'vitest'
import {
  AGGRESSIVE_RETRY,
  activity,
  RetryExhaustedError,
  type RetryPolicy,
  TerminalError,
  workflow,
} from '../../src/index'
import type { TestApp } from '../../src/testing/index'
import { describeEverywhere, type MakeTest, rejection } from './fixture'

/** A workflow of one activity that fails `failures` times; notes when each attempt began, in seconds since the start. */
function flaky(failures: number, retry?: RetryPolicy, error: () => unknown = () => new Error('flaky')) {
  const times: number[] = []
  let clock: { now(): number } = { now: () => 0 }
  let startedAt = 0
  const act = activity('flaky', retry ? { retry } : {}, async (ctx) => {
    times.push((clock.now() - startedAt) / 1_000)
    if (times.length <= failures) throw error()
    return ctx.attempt
  })
  const wf = workflow('retrying', async (ctx, _input: null) => act(ctx, null))
  const run = async (makeTest: MakeTest, options: Parameters<MakeTest>[0] = {}) => {
    const kit = await makeTest({ workflows: [wf], ...options })
    clock = kit.clock
    startedAt = kit.clock.now()
    const handle = await kit.start(wf, null)
    return { kit, handle }
  }
  return { times, run }
}

async function retryMetadata(kit: TestApp, instanceId: string) {
  const [event] = (await kit.app.getHistory(instanceId)) ?? []
  const data = event?.data as { retryMetadata?: Record<string, unknown> } | undefined
  return data?.retryMetadata
}

describeEverywhere('retry', (makeTest) => {
  test('C09 by default five attempts after 1, 2, 4 and 8 s; then RetryExhaustedError with the last error as cause', async () => {
    const { times, run } = flaky(99)
    const { kit, handle } = await run(makeTest)
    await kit.advance('5m')
    expect(times).toEqual([0, 1, 3, 7, 15])
    const error = (await rejection(handle.result())).cause as Error
    expect(error).toBeInstanceOf(RetryExhaustedError)
    expect(error.message).toBe('Activity flaky failed after 5 attempts: Max attempts (5) reached')
    expect((error.cause as Error).message).toBe('flaky')
  })

  test('C09 a policy of many attempts ends after them, and history tells the first errors and the latest', async () => {
    const { times, run } = flaky(99, { maxAttempts: 30, initialInterval: 1, backoffCoefficient: 1, maxDuration: null })
    const { kit, handle } = await run(makeTest)
    await kit.advance('5m')
    expect(times).toHaveLength(30)
    const error = (await rejection(handle.result())).cause as Error
    expect(error.message).toBe('Activity flaky failed after 30 attempts: Max attempts (30) reached')
    const { totalAttempts, errors } = (await retryMetadata(kit, handle.instanceId)) as {
      totalAttempts: number
      errors: { attempt: number }[]
    }
    expect(totalAttempts).toBe(30)
    expect(errors.map(({ attempt }) => attempt)).toEqual([1, ...Array.from({ length: 20 }, (_, n) => n + 11)])
  })

  test('C09 success stops the retries', async () => {
    const { times, run } = flaky(2)
    const { kit, handle } = await run(makeTest)
    await kit.advance('5m')
    expect(times).toEqual([0, 1, 3])
    expect(await handle.result()).toBe(3)
  })

  test.each<[string, RetryPolicy, number[]]>([
    [
      'attempts, interval and coefficient',
      { maxAttempts: 4, initialInterval: 2, backoffCoefficient: 3 },
      [0, 2, 8, 26],
    ],
    ['a cap', { maxAttempts: 5, initialInterval: 10, backoffCoefficient: 10, maxInterval: 30 }, [0, 10, 40, 70, 100]],
    ['interval 0: at once', { maxAttempts: 3, initialInterval: 0 }, [0, 0, 0]],
    ['coefficient 1: evenly', { maxAttempts: 4, initialInterval: 5, backoffCoefficient: 1 }, [0, 5, 10, 15]],
    ['one attempt', { maxAttempts: 1 }, [0]],
  ])('C10 a policy is honoured: %s', async (_name, policy, expected) => {
    const { times, run } = flaky(99, policy)
    const { kit, handle } = await run(makeTest)
    await kit.advance('10m')
    expect(times).toEqual(expected)
    expect(await handle.status()).toBe('failed')
  })

  test('C11 a TerminalError is not tried again: one call, its own type, no retry metadata', async () => {
    const { times, run } = flaky(99, undefined, () => new TerminalError('stop'))
    const { kit, handle } = await run(makeTest)
    await kit.advance('5m')
    expect(times).toEqual([0])
    expect((await rejection(handle.result())).cause).toBeInstanceOf(TerminalError)
    expect(await retryMetadata(kit, handle.instanceId)).toBeUndefined()
  })

  test('C12 a first success has no retry metadata; a later one tells its errors', async () => {
    const smooth = flaky(0)
    const first = await smooth.run(makeTest)
    await first.kit.settle()
    expect(await retryMetadata(first.kit, first.handle.instanceId)).toBeUndefined()
    const rough = flaky(2)
    const second = await rough.run(makeTest)
    const startedAt = second.kit.clock.now()
    await second.kit.advance('5m')
    expect(await retryMetadata(second.kit, second.handle.instanceId)).toEqual({
      totalAttempts: 3,
      totalDurationMs: 3_000,
      exhausted: false,
      errors: [
        { attempt: 1, errorType: 'Error', message: 'flaky', timestampMs: startedAt },
        { attempt: 2, errorType: 'Error', message: 'flaky', timestampMs: startedAt + 1_000 },
      ],
      lastError: { errorType: 'Error', message: 'flaky' },
    })
  })

  test('C12 an exhausted one tells all its errors', async () => {
    const { run } = flaky(99, { maxAttempts: 3, initialInterval: 1, backoffCoefficient: 1 })
    const { kit, handle } = await run(makeTest)
    await kit.advance('5m')
    const metadata = await retryMetadata(kit, handle.instanceId)
    expect(metadata).toMatchObject({ totalAttempts: 3, totalDurationMs: 2_000, exhausted: true })
    expect(metadata?.errors).toHaveLength(3)
  })

  test('C13 maxDuration ends the retries and says so', async () => {
    const { times, run } = flaky(99, { maxAttempts: null, initialInterval: 10, backoffCoefficient: 1, maxDuration: 25 })
    const { kit, handle } = await run(makeTest)
    await kit.advance('10m')
    expect(times).toEqual([0, 10, 20, 30])
    expect(((await rejection(handle.result())).cause as Error).message).toBe(
      'Activity flaky failed after 4 attempts: Max duration (25s) exceeded (elapsed: 30.0s)',
    )
  })

  test('C13 the policy of the activity wins over that of the app, which wins over the default', async () => {
    const appPolicy = { maxAttempts: 2, initialInterval: 7 }
    const byApp = flaky(99)
    const one = await byApp.run(makeTest, { defaultRetryPolicy: appPolicy })
    await one.kit.advance('5m')
    expect(byApp.times).toEqual([0, 7])
    const own = flaky(99, { maxAttempts: 3, initialInterval: 1, backoffCoefficient: 1 })
    const two = await own.run(makeTest, { defaultRetryPolicy: appPolicy })
    await two.kit.advance('5m')
    expect(own.times).toEqual([0, 1, 2])
  })

  test('C13 a replay passes the retries by: no attempt, no waiting', async () => {
    let calls = 0
    const act = activity('act', async () => {
      if (++calls < 3) throw new Error('flaky')
      return 'done'
    })
    const wf = workflow('bypass', async (ctx, _input: null) => {
      const result = await act(ctx, null)
      await ctx.sleep('1h')
      return result
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1m')
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe('done')
    expect(calls).toBe(3)
  })

  test('an error that is named non-retryable, or that retryIf refuses, is exhausted after one attempt', async () => {
    class Fatal extends Error {}
    for (const policy of [
      { nonRetryableErrors: [Fatal] },
      { retryIf: () => false },
      { retryableErrors: [RangeError] },
    ] satisfies RetryPolicy[]) {
      const { times, run } = flaky(99, policy, () => new Fatal('fatal'))
      const { kit, handle } = await run(makeTest)
      await kit.advance('5m')
      expect(times).toEqual([0])
      const error = (await rejection(handle.result())).cause as Error
      expect(error).toBeInstanceOf(RetryExhaustedError)
      expect(error.message).toBe('Activity flaky failed after 1 attempt: Error type Fatal is not retryable')
      expect((error.cause as Error).name).toBe('Fatal')
    }
  })

  test('an error with retryAfter sets its own delay, in seconds or as a Date', async () => {
    const seconds = flaky(1, undefined, () => Object.assign(new Error('busy'), { retryAfter: 42 }))
    const one = await seconds.run(makeTest)
    await one.kit.advance('5m')
    expect(seconds.times).toEqual([0, 42])
    let at: Date
    const dated = flaky(1, undefined, () => Object.assign(new Error('busy'), { retryAfter: at }))
    const two = await makeDated()
    await two.kit.advance('5m')
    expect(dated.times).toEqual([0, 90])
    async function makeDated() {
      at = new Date(Date.UTC(2026, 0, 1) + 90_000)
      return dated.run(makeTest)
    }
  })

  test('the presets are policies', async () => {
    const { times, run } = flaky(2, AGGRESSIVE_RETRY)
    const { kit } = await run(makeTest)
    await kit.advance('1m')
    expect(times).toEqual([0, 0.1, 0.25])
  })

  test('attempts and the time of the next one survive a crash between attempts', async () => {
    const { times, run } = flaky(3, { maxAttempts: 4, initialInterval: 60, backoffCoefficient: 1, maxDuration: null })
    const { kit, handle } = await run(makeTest)
    for (let n = 0; n < 3; n++) {
      await kit.advance('30s')
      kit.crash()
      await kit.advance('30s')
    }
    expect(times).toEqual([0, 60, 120, 180])
    expect(await handle.result()).toBe(4)
  })

  test('between attempts the instance is running, and a long delay parks it', async () => {
    const { run } = flaky(1, { initialInterval: 60 })
    const { kit, handle } = await run(makeTest)
    await kit.settle()
    expect(await kit.storage.instance(handle.instanceId)).toMatchObject({
      status: 'running',
      leaseOwner: null,
      wakeAt: kit.clock.now() + 60_000,
    })
  })

  test('jitter only shortens the delay', async () => {
    const { times, run } = flaky(1, { initialInterval: 100, maxInterval: 100, jitter: 0.5 })
    const { kit } = await run(makeTest)
    await kit.advance('5m')
    expect(times).toHaveLength(2)
    expect(times[1]).toBeGreaterThanOrEqual(50)
    expect(times[1]).toBeLessThanOrEqual(100)
  })
})
