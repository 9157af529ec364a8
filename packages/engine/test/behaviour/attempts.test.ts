import { expect, test } from 'vitest'
import { activity, RetryExhaustedError, TimeoutError, workflow } from '../../src/index'
import { describeEverywhere, gate, historyOf, rejection } from './fixture'

const LATER = { initialInterval: 10, backoffCoefficient: 1 }

describeEverywhere('attempts', (makeTest) => {
  test('C03 after a crash recorded activities are not run again; only new ones are added', async () => {
    const calls: string[] = []
    const act = activity('act', async (_ctx, name: string) => {
      calls.push(name)
      return name.toUpperCase()
    })
    const wf = workflow('three', async (ctx, _input: null) => {
      const parts = [await act(ctx, 'a'), await act(ctx, 'b')]
      await ctx.sleep('1h')
      return [...parts, await act(ctx, 'c')].join('')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toBe('ABC')
    expect(calls).toEqual(['a', 'b', 'c'])
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityCompleted act:1',
      'ActivityCompleted act:2',
      'TimerExpired sleep:1',
      'ActivityCompleted act:3',
    ])
  })

  test('an attempt that a crash interrupted runs again, one attempt further, with the same idempotency key', async () => {
    const seen: { attempt: number; key: string; token: number }[] = []
    const act = activity('charge', async (ctx) => {
      seen.push({ attempt: ctx.attempt, key: ctx.idempotencyKey, token: ctx.fencingToken })
      return 'charged'
    })
    const wf = workflow('paying', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    kit.crashAfter('charge:1')
    const run = await kit.start(wf, null, { instanceId: 'p1' })
    expect(await run.result()).toBe('charged')
    expect(kit.crashes).toBe(1)
    expect(seen.map(({ attempt, key }) => ({ attempt, key }))).toEqual([
      { attempt: 1, key: 'p1/charge:1' },
      { attempt: 2, key: 'p1/charge:1' },
    ])
    expect(seen[1]?.token).toBeGreaterThan(seen[0]?.token ?? 0)
    expect(await historyOf(kit, 'p1')).toEqual(['ActivityCompleted charge:1'])
  })

  test('interrupted attempts do not use up those of the policy', async () => {
    let attempts = 0
    const act = activity('act', { retry: { maxAttempts: 1 } }, async () => ++attempts)
    const wf = workflow('patient', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    kit.crashAfter('act:1')
    expect(await (await kit.start(wf, null)).result()).toBe(2)
  })

  test('a failed attempt whose record was lost in a crash is tried again', async () => {
    let calls = 0
    const act = activity('act', { retry: { maxAttempts: 2, initialInterval: 1 } }, async () => {
      calls++
      if (calls < 3) throw new Error('flaky')
      return calls
    })
    const wf = workflow('lostRecord', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    let isArmed = true
    const run = await kit.start(wf, null)
    kit.onCommit({
      before: () => {
        if (isArmed) kit.crash()
        isArmed = false
      },
    })
    await kit.advance('1m')
    expect(await run.result()).toBe(3)
  })

  test('an attempt that takes longer than its timeout is aborted with TimeoutError and tried again', async () => {
    const reasons: unknown[] = []
    const act = activity('slow', { timeout: '30s', retry: LATER }, async (ctx) => {
      if (ctx.attempt > 1) return 'second'
      return new Promise<never>((_resolve, reject) => {
        ctx.signal.addEventListener('abort', () => {
          reasons.push(ctx.signal.reason)
          reject(ctx.signal.reason)
        })
      })
    })
    const wf = workflow('timing', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('39s')
    expect(await run.status()).toBe('running')
    await kit.advance('1s')
    expect(await run.result()).toBe('second')
    expect(reasons[0]).toBeInstanceOf(TimeoutError)
    const [event] = await run.history()
    expect(event?.data).toMatchObject({
      retryMetadata: {
        errors: [{ attempt: 1, errorType: 'TimeoutError', message: 'Activity slow did not finish within 30 s' }],
      },
    })
  })

  test('a body that ignores its signal is given up all the same, and its late result counts for nothing', async () => {
    const door = gate<string>()
    const act = activity('deaf', { timeout: '30s', retry: { maxAttempts: 1 } }, () => door.opened)
    const wf = workflow('deafening', async (ctx, _input: null) => {
      const error = await act(ctx, null).catch((caught: unknown) => caught as Error)
      await ctx.sleep('1h')
      return (error as Error).name
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('30s')
    door.open('too late')
    await kit.advance('1h')
    expect(await run.result()).toBe('RetryExhaustedError')
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityFailed deaf:1', 'TimerExpired sleep:1'])
  })

  test('a timeout out of retries is RetryExhaustedError with TimeoutError as cause', async () => {
    const act = activity('never', { timeout: 5, retry: { maxAttempts: 1 } }, () => new Promise<never>(() => {}))
    const wf = workflow('hanging', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('5s')
    const error = (await rejection(run.result())).cause as Error
    expect(error).toBeInstanceOf(RetryExhaustedError)
    expect(error.cause).toBeInstanceOf(TimeoutError)
  })

  test('the timeout of a call wins over that of its activity', async () => {
    const act = activity('never', { timeout: '1h', retry: { maxAttempts: 1 } }, () => new Promise<never>(() => {}))
    const wf = workflow('shorter', async (ctx, _input: null) => act(ctx, null, { timeout: '1s' }))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1s')
    expect(await run.status()).toBe('failed')
  })

  test('heartbeats keep a watched attempt alive; silence ends it', async () => {
    const beats: (() => void)[] = []
    const act = activity('beating', { heartbeatTimeout: '10s', retry: { maxAttempts: 1 } }, async (ctx) => {
      beats.push(() => ctx.heartbeat())
      await new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)),
      )
    })
    const wf = workflow('watched', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    for (let n = 0; n < 5; n++) {
      await kit.advance('9s')
      beats[0]?.()
    }
    expect(await run.status()).toBe('running')
    await kit.advance('10s')
    const error = (await rejection(run.result())).cause as Error
    expect((error.cause as Error).message).toBe('Activity beating gave no heartbeat for 10 s')
  })

  test('details of the heartbeat are given to the next attempt', async () => {
    const seen: unknown[] = []
    const act = activity('copying', { retry: LATER }, async (ctx) => {
      seen.push(ctx.heartbeatDetails)
      if (ctx.attempt > 1) return 'done'
      ctx.heartbeat({ copied: 10 })
      ctx.heartbeat({ copied: 20 })
      throw new Error('interrupted')
    })
    const wf = workflow('resuming', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('10s')
    expect(await run.result()).toBe('done')
    expect(seen).toEqual([undefined, { copied: 20 }])
  })

  test('details of the heartbeat survive a crash', async () => {
    const seen: unknown[] = []
    const door = gate()
    const act = activity('copying', async (ctx) => {
      seen.push(ctx.heartbeatDetails)
      if (ctx.attempt > 1) return 'done'
      ctx.heartbeat({ copied: 10 })
      return door.opened
    })
    const wf = workflow('crashing', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.settle()
    expect(await run.result()).toBe('done')
    expect(seen).toEqual([undefined, { copied: 10 }])
  })

  test('heartbeat details that come too soon to be written are written a little later', async () => {
    const seen: unknown[] = []
    let beat: (n: number) => void = () => {}
    const act = activity('copying', async (ctx) => {
      seen.push(ctx.heartbeatDetails)
      if (ctx.attempt > 1) return 'done'
      beat = (n) => ctx.heartbeat(n)
      return new Promise<never>(() => {})
    })
    const wf = workflow('throttled', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    for (let n = 1; n <= 100; n++) beat(n)
    await kit.settle()
    beat(101)
    await kit.advance('10s')
    kit.crash()
    await kit.settle()
    expect(await run.result()).toBe('done')
    expect(seen).toEqual([undefined, 101])
  })

  test('heartbeat details that cannot be stored are refused where they are given', async () => {
    const act = activity('bad', { retry: { maxAttempts: 1 } }, async (ctx) => ctx.heartbeat(1n))
    const wf = workflow('badBeat', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const error = (await rejection((await kit.start(wf, null)).result())).cause
    expect(error).toMatchObject({ code: 'SERIALIZATION' })
  })

  test('N6 an activity longer than its lease runs once: the lease is renewed while it runs', async () => {
    const door = gate<string>()
    let calls = 0
    const act = activity('long', () => {
      calls++
      return door.opened
    })
    const wf = workflow('longRunning', { lockTimeoutSeconds: 30 }, async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf], settings: { pollIntervalMs: 1_000 } })
    const run = await kit.start(wf, null)
    await kit.advance('5m')
    door.open('finally')
    expect(await run.result()).toBe('finally')
    expect(calls).toBe(1)
  })

  test('N6 also when the definition has the default lease and the start a short one', async () => {
    const door = gate<string>()
    let calls = 0
    const act = activity('long', () => {
      calls++
      return door.opened
    })
    const wf = workflow('longRunning', async (ctx, _input: null) => act(ctx, null))
    const idle = workflow('idle', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf, idle], settings: { pollIntervalMs: 1_000 } })
    await kit.start(idle, null)
    await kit.advance('10s')
    const run = await kit.start(wf, null, { lockTimeoutSeconds: 30 })
    await kit.advance('5m')
    door.open('finally')
    expect(await run.result()).toBe('finally')
    expect(calls).toBe(2)
  })
})
