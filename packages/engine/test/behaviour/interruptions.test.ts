import { expect, onTestFinished, test } from 'vitest'
import { activity, compensation, workflow } from '../../src/index'
import type { Unit } from '../../src/storage/units'
import { createTestApp } from '../../src/testing/index'
import { describeEverywhere, rejection, SILENT } from './fixture'

const SOON = { initialInterval: 0.5, backoffCoefficient: 1, maxAttempts: 4 }

describeEverywhere('what a crash interrupts', (makeTest) => {
  test('an attempt after the first is counted too, and does not use up the policy', async () => {
    const seen: number[] = []
    const act = activity('act', { retry: { ...SOON, maxAttempts: 2 } }, (ctx) => {
      seen.push(ctx.attempt)
      if (ctx.attempt === 1) throw new Error('first')
      // the second is what the crash interrupts
      return ctx.attempt === 2 ? new Promise<string>(() => {}) : 'done'
    })
    const wf = workflow('again', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.advance('1s')
    expect(seen).toEqual([1, 2])
    kit.crash()
    expect(await run.result()).toBe('done')
    expect(seen).toEqual([1, 2, 3])
  })

  test('an attempt that was still to come keeps its number', async () => {
    const seen: number[] = []
    const act = activity('act', { retry: SOON }, async (ctx) => {
      seen.push(ctx.attempt)
      if (ctx.attempt === 1) throw new Error('first')
      return 'done'
    })
    const wf = workflow('still', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    kit.crash()
    await kit.advance('1s')
    expect(await run.result()).toBe('done')
    expect(seen).toEqual([1, 2])
  })

  test('a compensation runs again one attempt further, however often it is interrupted, and keeps its retries', async () => {
    const seen: [number, string][] = []
    const undo = compensation('undo', { retry: { ...SOON, maxAttempts: 2 } }, (ctx) => {
      seen.push([ctx.attempt, ctx.idempotencyKey])
      if (ctx.attempt === 3) throw new Error('one failure is allowed')
      return ctx.attempt < 3 ? new Promise<void>(() => {}) : undefined
    })
    const act = activity('act', { onFailure: undo }, async () => 1)
    const wf = workflow('undoing', async (ctx, _input: null) => {
      await act(ctx, null)
      throw new Error('late')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { instanceId: 'u1' })
    await kit.settle()
    kit.crash()
    await kit.settle()
    kit.crash()
    await kit.advance('1s')
    await rejection(run.result())
    expect(seen).toEqual([1, 2, 3, 4].map((attempt) => [attempt, 'u1/compensation_1']))
    expect((await kit.app.getInstance('u1'))?.compensationState).toBe('completed')
  })

  test('an instance that takes its worker with it again and again is suspended with the reason, and can be resumed', async () => {
    let isPoison = true
    let runs = 0
    const act = activity('act', () => {
      runs++
      if (!isPoison) return 'cured'
      kit.crash()
      return new Promise<string>(() => {})
    })
    const wf = workflow('poison', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf], settings: { maxTakeovers: 3 } })
    const handle = kit.handle<string>('p1')
    // its first crash takes the answer with it
    void kit.app.start(wf, null, { instanceId: 'p1' })
    await kit.settle()
    expect(await kit.storage.instance('p1')).toMatchObject({
      status: 'suspended',
      suspendReason: expect.stringContaining('look for a crash'),
      wakeAt: null,
    })
    expect(runs).toBe(4)
    await kit.app.resume('p1')
    await kit.settle()
    // it is given as many tries again
    expect(runs).toBe(8)
    isPoison = false
    await kit.app.resume('p1')
    expect(await handle.result()).toBe('cured')
  })
})

// between the failure and its commit: only the memory's verbs are quick enough to be put there
test('a cancel that met a failure is carried out, also when the process dies between the two', async () => {
  const undone: string[] = []
  const undo = compensation('undo', () => {
    undone.push('undone')
  })
  const act = activity('act', { onFailure: undo }, async () => 1)
  const wf = workflow('both', async (ctx, _input: null) => {
    await act(ctx, null)
    await ctx.sleep('1m')
    throw new Error('late')
  })
  const kit = await createTestApp({ workflows: [wf], logger: SILENT })
  onTestFinished(() => kit.close())
  const run = await kit.start(wf, null, { instanceId: 'b1' })
  await kit.settle()
  const isFailure = (unit: Unit): boolean =>
    unit.kind === 'transition' && unit.events.some((event) => event.type === 'WorkflowFailed')
  const verb = { type: 'cancel', by: 'me', reason: null } as const
  kit.onCommit({
    before: (units) => {
      if (units.some(isFailure)) void kit.storage.operate('b1', verb, { now: kit.clock.now(), audit: null })
    },
    after: (units, verdicts) => {
      expect(verdicts.map(({ kind }) => kind)).toEqual(units.some(isFailure) ? ['cancel'] : ['accepted'])
      if (units.some(isFailure)) kit.crash()
    },
  })
  await kit.advance('2m')
  expect(kit.crashes).toBe(1)
  expect(await run.status()).toBe('cancelled')
  expect(undone).toEqual(['undone'])
})
