import { expect, test } from 'vitest'
import { activity, compensation, type WorkflowContext, workflow } from '../../src/index'
import { describeEverywhere, gate, historyOf, rejection } from './fixture'

const BY = { by: 'ann', reason: 'changed her mind' }

/** An activity that does something undoable, and what was undone. */
function undoable() {
  const undone: string[] = []
  const undo = compensation('undo', async (_ctx, { input }: { input: string }) => {
    undone.push(input)
  })
  const act = activity('act', { onFailure: undo }, async (_ctx, name: string) => name)
  return { undone, act, undo }
}

/** Runs until its signal aborts, then rejects. */
const obedient = () =>
  activity(
    'obedient',
    (ctx) =>
      new Promise<never>((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => reject(new Error('aborted'))),
      ),
  )

describeEverywhere('cancel', (makeTest) => {
  test('C32 cancelling a waiting instance is true and ends it cancelled, with who and why recorded', async () => {
    const wf = workflow('waiting', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    const at = new Date(kit.clock.now())
    expect(await kit.app.cancel(run.instanceId, BY)).toBe(true)
    await kit.settle()
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'cancelled',
      cancel: { ...BY, at },
      output: null,
      error: null,
      compensationState: 'none',
      completedAt: at,
    })
    expect(await run.history()).toMatchObject([{ type: 'CancelRequested', activityId: 'cancel', data: BY }])
  })

  test('C28 a timer of a cancelled instance is gone and never fires', async () => {
    const wf = workflow('waiting', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel()
    await kit.advance('2h')
    expect(await historyOf(kit, run.instanceId)).toEqual(['CancelRequested cancel'])
    expect(await kit.storage.instance(run.instanceId)).toMatchObject({ wakeAt: null, pending: null, leaseOwner: null })
  })

  test('C33 completed, failed, cancelled, recurred and unknown: false, and nothing changes', async () => {
    const done = workflow('done', async () => 1)
    const failed = workflow('failed', async () => {
      throw new Error('no')
    })
    const waiting = workflow('waiting', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [done, failed, waiting] })
    const runs = [await kit.start(done, null), await kit.start(failed, null), await kit.start(waiting, null)]
    await kit.settle()
    expect(await runs[2]?.cancel()).toBe(true)
    await kit.settle()
    for (const run of runs) {
      const before = await kit.app.getInstance(run.instanceId)
      expect(await run.cancel(BY)).toBe(false)
      await kit.settle()
      expect(await kit.app.getInstance(run.instanceId)).toEqual(before)
    }
    expect(await kit.app.cancel('nobody')).toBe(false)
  })

  test('C33 a second cancel is false while the first is being carried out, and who asked first stays', async () => {
    const door = gate()
    const slow = compensation('slowUndo', () => door.opened)
    const act = activity('act', { onFailure: slow }, async () => 1)
    const wf = workflow('undoing', async (ctx, _input: null) => {
      await act(ctx, null)
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.cancel(BY)).toBe(true)
    await kit.settle()
    expect(await run.status()).toBe('compensating')
    expect(await run.cancel({ by: 'bob' })).toBe(false)
    door.open()
    await kit.settle()
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({ status: 'cancelled', cancel: BY })
  })

  test.each<[string, object]>([
    ['a name that no database has room for', { by: 'x'.repeat(192) }],
    ['a reason without end', { reason: 'x'.repeat(10_001) }],
    ['U+0000', { reason: 'a\u0000b' }],
    ['half a character', { by: 'a\ud800' }],
    ['no text', { by: 7 }],
  ])('refused before anything is recorded: %s', async (_name, options) => {
    const wf = workflow('waiting', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await expect(run.cancel(options)).rejects.toBeInstanceOf(TypeError)
    expect((await kit.app.getInstance(run.instanceId))?.cancel).toBeNull()
  })

  test('two cancels at once: one is true', async () => {
    const wf = workflow('waiting', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    const answers = await Promise.all([run.cancel({ by: 'a' }), run.cancel({ by: 'b' }), run.cancel({ by: 'c' })])
    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  test('C34 cancel runs the registered compensations, last first', async () => {
    const { undone, act } = undoable()
    const wf = workflow('saga', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await act(ctx, 'b')
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel(BY)
    await kit.settle()
    expect(undone).toEqual(['b', 'a'])
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'cancelled',
      compensationState: 'completed',
    })
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityCompleted act:1',
      'ActivityCompleted act:2',
      'CancelRequested cancel',
      'CompensationExecuted compensation_2',
      'CompensationExecuted compensation_1',
    ])
  })

  test('C34 a running activity is told by its signal; the instance ends cancelled', async () => {
    const act = obedient()
    const wf = workflow('running', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe('running')
    expect(await run.cancel(BY)).toBe(true)
    await kit.settle()
    expect(await run.status()).toBe('cancelled')
  })

  test('an activity that finishes anyway is recorded, and then compensated', async () => {
    const door = gate<string>()
    const undone: string[] = []
    const undo = compensation('undoCharge', async (_ctx, { output }: { output: string }) => {
      undone.push(output)
    })
    const act = activity('charge', { onFailure: undo }, () => door.opened)
    const wf = workflow('charging', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel()
    await kit.settle()
    expect(await run.status()).toBe('running')
    door.open('receipt')
    await kit.settle()
    expect(undone).toEqual(['receipt'])
    expect(await historyOf(kit, run.instanceId)).toEqual([
      'ActivityCompleted charge:1',
      'CancelRequested cancel',
      'CompensationExecuted compensation_1',
    ])
    expect(await run.status()).toBe('cancelled')
  })

  test('an activity that does not end within the grace period is left behind', async () => {
    const act = activity('deaf', () => new Promise<never>(() => {}))
    const wf = workflow('deafening', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf], settings: { graceMs: 10_000 } })
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel()
    await kit.advance('9s')
    expect(await run.status()).toBe('running')
    await kit.advance('1s')
    expect(await run.status()).toBe('cancelled')
  })

  test.each<[string, (ctx: WorkflowContext) => Promise<unknown>, string]>([
    ['an event', async (ctx) => ctx.waitEvent('e'), 'waiting_for_event'],
    [
      'a message',
      async (ctx) => {
        await ctx.subscribe('c')
        return ctx.receive('c')
      },
      'waiting_for_message',
    ],
    ['a timer', async (ctx) => ctx.sleep('1h'), 'waiting_for_timer'],
    ['a timeout', async (ctx) => ctx.waitEvent('e', { timeout: '1h' }), 'waiting_for_event'],
    [
      'the next attempt',
      async (ctx) =>
        ctx.run('flaky', { retry: { initialInterval: 600, maxInterval: 600 } }, () => {
          throw new Error('flaky')
        }),
      'running',
    ],
    ['several at once', async (ctx) => Promise.all([ctx.waitEvent('e'), ctx.sleep('1h')]), 'waiting_for_event'],
  ])('cancelled while it waits for %s', async (_name, body, status) => {
    const { undone, act } = undoable()
    const wf = workflow('waiting', async (ctx, _input: null) => {
      await act(ctx, 'before')
      return body(ctx)
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe(status)
    expect(await run.cancel(BY)).toBe(true)
    await kit.settle()
    expect(await run.status()).toBe('cancelled')
    expect(undone).toEqual(['before'])
    expect(await kit.storage.waits({ instanceId: run.instanceId, limit: 5 })).toEqual([])
    expect(await kit.storage.subscriptions(run.instanceId)).toEqual([])
    await kit.app.publish('e', 1)
    await kit.app.publish('c', 1)
    await kit.advance('2h')
    expect(await run.status()).toBe('cancelled')
  })

  test('cancelled while it waits for a child: the child is cancelled too', async () => {
    const child = workflow('child', async (ctx, _input: null) => ctx.sleep('1h'))
    const wf = workflow('parent', async (ctx, _input: null) => ctx.call(child, null, { instanceId: 'kid' }))
    const kit = await makeTest({ workflows: [wf, child] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel(BY)
    await kit.settle()
    expect([await run.status(), (await kit.app.getInstance('kid'))?.status]).toEqual(['cancelled', 'cancelled'])
  })

  test('cancelled before it began: no workflow code runs', async () => {
    let calls = 0
    const wf = workflow('delayed', async () => ++calls)
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null, { delay: '1h' })
    expect(await run.cancel(BY)).toBe(true)
    await kit.advance('2h')
    expect(await run.status()).toBe('cancelled')
    expect(calls).toBe(0)
    expect(await historyOf(kit, run.instanceId)).toEqual(['CancelRequested cancel'])
  })

  test('cancelled between two steps by an activity of another instance', async () => {
    const wf = workflow('stepping', async (ctx, _input: null) => {
      for (let n = 0; n < 100; n++) await ctx.run('step', async () => n)
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    const answer = run.cancel(BY)
    await kit.settle()
    expect(await answer).toBe(true)
    expect(await run.status()).toBe('cancelled')
    expect((await historyOf(kit, run.instanceId)).at(-1)).toBe('CancelRequested cancel')
  })

  test('a suspended instance can be cancelled', async () => {
    const { undone, act } = undoable()
    const wf = workflow('parked', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.app.suspend(run.instanceId)
    expect(await run.cancel(BY)).toBe(true)
    await kit.settle()
    expect(await run.status()).toBe('cancelled')
    expect(undone).toEqual(['a'])
  })

  test('a cancel needs no live worker to be recorded, and is carried out by the next one', async () => {
    const { undone, act } = undoable()
    const wf = workflow('unattended', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await ctx.sleep('1h')
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.redeploy({ worker: false, workflows: [] })
    expect(await kit.app.cancel(run.instanceId, BY)).toBe(true)
    expect(await kit.app.cancel(run.instanceId, { by: 'bob' })).toBe(false)
    await kit.settle()
    expect(await kit.handle(run.instanceId).status()).toBe('waiting_for_timer')
    await kit.redeploy({ worker: true, workflows: [wf] })
    await kit.settle()
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({ status: 'cancelled', cancel: BY })
    expect(undone).toEqual(['a'])
  })

  test('N3 a cancelled instance stays cancelled whatever arrives afterwards', async () => {
    const { undone, act } = undoable()
    const wf = workflow('n3', async (ctx, _input: null) => {
      await act(ctx, 'a')
      return (await ctx.waitEvent('e')).data
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await run.cancel()
    await kit.app.publish('e', 'late')
    await kit.settle()
    await kit.app.publish('e', 'later')
    await kit.settle()
    expect(await run.status()).toBe('cancelled')
    expect(undone).toEqual(['a'])
  })

  test('a cancel survives crashes at every commit that carries it out', async () => {
    const { undone, act } = undoable()
    const wf = workflow('crashing', async (ctx, _input: null) => {
      await act(ctx, 'a')
      await act(ctx, 'b')
      await ctx.sleep('1h')
    })
    for (let point = 0; point < 5; point++) {
      for (const side of ['before', 'after'] as const) {
        undone.length = 0
        const kit = await makeTest({ workflows: [wf] })
        const run = await kit.start(wf, null)
        await kit.settle()
        let commits = 0
        let isArmed = true
        kit.onCommit({
          [side]: () => {
            if (isArmed && commits++ === point) {
              isArmed = false
              kit.crash()
            }
          },
        })
        await run.cancel(BY)
        await kit.settle()
        expect(await rejection(run.result())).toMatchObject({ code: 'WORKFLOW_CANCELLED', ...BY })
        expect([...new Set(undone)]).toEqual(['b', 'a'])
        expect((await historyOf(kit, run.instanceId)).filter((line) => /Compensation|Cancel/.test(line))).toEqual([
          'CancelRequested cancel',
          'CompensationExecuted compensation_2',
          'CompensationExecuted compensation_1',
        ])
      }
    }
  })
})
