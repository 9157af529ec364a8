import { expect, test } from 'vitest'
import {
  activity,
  EddaError,
  InstanceNotFoundError,
  ResultTimeoutError,
  RetryExhaustedError,
  TerminalError,
  WorkflowCancelledError,
  WorkflowFailedError,
  workflow,
} from '../../src/index'
import { describeEverywhere, rejection } from './fixture'

class CardDeclined extends Error {
  readonly reason = 'limit'
  readonly code = 'E_CARD'
}

const failing = workflow('failing', async (_ctx, _input: null) => {
  throw new CardDeclined('no funds', { cause: new TypeError('inner') })
})
const sleeper = workflow('sleeper', async (ctx, _input: null) => {
  ctx.setState({ step: 'asleep' })
  await ctx.sleep('1h')
  return 'rested'
})

describeEverywhere('result', (makeTest) => {
  test('C02 a workflow that throws ends failed with the error; the starter gets a handle whose result rejects with it as cause', async () => {
    const kit = await makeTest({ workflows: [failing] })
    const run = await kit.start(failing, null)
    const error = await rejection(run.result())
    expect(error).toBeInstanceOf(WorkflowFailedError)
    expect(error).toBeInstanceOf(EddaError)
    expect(error).toMatchObject({ code: 'WORKFLOW_FAILED', instanceId: run.instanceId })
    const cause = error.cause as Error & { reason: string; code: string }
    expect([cause.name, cause.message, cause.reason, cause.code]).toEqual([
      'CardDeclined',
      'no funds',
      'limit',
      'E_CARD',
    ])
    expect(cause.cause).toBeInstanceOf(TypeError)
    expect((cause.cause as Error).message).toBe('inner')
    const instance = await kit.app.getInstance(run.instanceId)
    expect(instance).toMatchObject({
      status: 'failed',
      output: null,
      error: { name: 'CardDeclined', message: 'no funds' },
    })
    expect(instance?.error?.stack).toContain('result.test.ts')
    expect(await kit.storage.instance(run.instanceId)).toMatchObject({ leaseOwner: null, wakeAt: null })
  })

  test('WorkflowFailed is recorded with the error', async () => {
    const kit = await makeTest({ workflows: [failing] })
    const run = await kit.start(failing, null)
    await kit.settle()
    expect(await run.history()).toMatchObject([
      { seq: 1, activityId: 'workflow_failed', type: 'WorkflowFailed', data: { error: { name: 'CardDeclined' } } },
    ])
  })

  test('what is thrown need not be an Error', async () => {
    const throwing = workflow('throwing', async (_ctx, _input: null) => {
      throw { odd: true }
    })
    const kit = await makeTest({ workflows: [throwing] })
    const error = await rejection((await kit.start(throwing, null)).result())
    expect((error.cause as Error).message).toBe('{"odd":true}')
  })

  test('a whole chain of causes survives: workflow ← exhausted activity ← its own error ← its cause', async () => {
    const charge = activity('charge', { retry: { maxAttempts: 1 } }, async () => {
      throw new CardDeclined('no funds', { cause: new RangeError('deep') })
    })
    const paying = workflow('paying', async (ctx, _input: null) => charge(ctx, null))
    const kit = await makeTest({ workflows: [paying] })
    const error = await rejection((await kit.start(paying, null)).result())
    const exhausted = error.cause as Error
    expect(exhausted).toBeInstanceOf(RetryExhaustedError)
    expect(exhausted.message).toBe('Activity charge failed after 1 attempt: Max attempts (1) reached')
    expect((exhausted.cause as Error).name).toBe('CardDeclined')
    expect((exhausted.cause as Error).cause).toBeInstanceOf(RangeError)
  })

  test('a result that is late is a ResultTimeoutError and leaves the instance alone', async () => {
    const kit = await makeTest({ workflows: [sleeper] })
    const run = await kit.start(sleeper, null)
    const waiting = rejection(kit.app.handle(run.instanceId).result({ timeout: '1m' }))
    await kit.advance('1m')
    const error = await waiting
    expect(error).toBeInstanceOf(ResultTimeoutError)
    expect(error.code).toBe('RESULT_TIMEOUT')
    await kit.advance('1h')
    expect(await run.result()).toBe('rested')
  })

  test('everybody who awaits a result in this process is told when it ends', async () => {
    const kit = await makeTest({ workflows: [sleeper] })
    const run = await kit.start(sleeper, null)
    const results = [1, 2, 3].map(() => kit.app.handle(run.instanceId).result())
    await kit.advance('1h')
    expect(await Promise.all(results)).toEqual(['rested', 'rested', 'rested'])
  })

  test('a result is awaited also by an app that runs nothing', async () => {
    const kit = await makeTest({ workflows: [sleeper] })
    const run = await kit.start(sleeper, null)
    await kit.advance('1h')
    await kit.redeploy({ worker: false, workflows: [] })
    expect(await kit.app.handle(run.instanceId).result()).toBe('rested')
  })

  test('status is the word, state is the last setState', async () => {
    const kit = await makeTest({ workflows: [sleeper] })
    const run = await kit.start(sleeper, null)
    const handle = kit.app.handle(run.instanceId)
    expect(await handle.status()).toBe('waiting_for_timer')
    expect(await handle.state()).toEqual({ step: 'asleep' })
    await kit.advance('1h')
    expect(await handle.status()).toBe('completed')
    expect(await handle.state()).toEqual({ step: 'asleep' })
  })

  test('a workflow that never set a state has null', async () => {
    const kit = await makeTest({ workflows: [failing] })
    const run = await kit.start(failing, null)
    await kit.settle()
    expect(await kit.app.handle(run.instanceId).state()).toBeNull()
  })

  test('unknown ids: reads give null, cancel false, everything else InstanceNotFoundError', async () => {
    const kit = await makeTest({ workflows: [sleeper] })
    const { app } = kit
    expect(await app.getInstance('nobody')).toBeNull()
    expect(await app.getHistory('nobody')).toBeNull()
    expect(await app.cancel('nobody')).toBe(false)
    const handle = app.handle('nobody')
    const calls: readonly (() => Promise<unknown>)[] = [
      () => handle.result(),
      () => handle.status(),
      () => handle.state(),
      () => handle.history(),
      () => app.retry('nobody'),
      () => app.fork('nobody'),
      () => app.dryReplay('nobody'),
      () => app.suspend('nobody'),
      () => app.resume('nobody'),
    ]
    for (const call of calls) expect(await rejection(call())).toBeInstanceOf(InstanceNotFoundError)
    expect(await handle.cancel()).toBe(false)
  })

  test('a cancelled instance rejects with who and why', async () => {
    const kit = await makeTest({ workflows: [sleeper] })
    const run = await kit.start(sleeper, null)
    const awaited = rejection(kit.app.handle(run.instanceId).result())
    expect(await run.cancel({ by: 'ann', reason: 'changed her mind' })).toBe(true)
    await kit.settle()
    for (const error of [await awaited, await rejection(run.result())]) {
      expect(error).toBeInstanceOf(WorkflowCancelledError)
      expect(error).toMatchObject({ by: 'ann', reason: 'changed her mind', instanceId: run.instanceId })
    }
  })

  test('history comes in order, in pages', async () => {
    const step = activity('step', async (_ctx, n: number) => n)
    const counting = workflow('counting', async (ctx, _input: null) => {
      for (let n = 1; n <= 5; n++) await step(ctx, n)
    })
    const kit = await makeTest({ workflows: [counting] })
    const run = await kit.start(counting, null)
    await kit.settle()
    const seqs = async (options: { after?: number; limit?: number }) =>
      (await kit.app.getHistory(run.instanceId, options))?.map((event) => event.seq)
    expect(await seqs({})).toEqual([1, 2, 3, 4, 5])
    expect(await seqs({ limit: 2 })).toEqual([1, 2])
    expect(await seqs({ after: 2, limit: 2 })).toEqual([3, 4])
    expect(await seqs({ after: 5 })).toEqual([])
    for (const limit of [0, 1_001, 1.5])
      await expect(kit.app.getHistory(run.instanceId, { limit })).rejects.toBeInstanceOf(RangeError)
  })

  test('a TerminalError of the workflow is one on the outside', async () => {
    const terminal = workflow('terminal', async (_ctx, _input: null) => {
      throw new TerminalError('stop')
    })
    const kit = await makeTest({ workflows: [terminal] })
    const error = await rejection((await kit.start(terminal, null)).result())
    expect(error.cause).toBeInstanceOf(TerminalError)
    expect(error.cause).toMatchObject({ message: 'stop', code: 'TERMINAL' })
  })
})
