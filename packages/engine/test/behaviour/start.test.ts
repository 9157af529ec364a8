import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  activity,
  EddaApp,
  InstanceExistsError,
  NotInitializedError,
  UnknownWorkflowError,
  workflow,
} from '../../src/index'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage'
import { describeEverywhere, rejection } from './fixture'

const double = activity('double', async (_ctx, n: number) => n * 2)
const doubling = workflow('doubling', async (ctx, n: number) => ({ doubled: await double(ctx, n) }))
const waiting = workflow('waiting', async (ctx, _input: null) => ctx.sleep('1h'))

describeEverywhere('start', (makeTest) => {
  test('C01 start commits an instance with its input and owner, runs it, and ends it completed without a lease', async () => {
    const kit = await makeTest({ workflows: [doubling], serviceName: 'order-service' })
    const run = await kit.start(doubling, 21)
    expect(await run.result()).toEqual({ doubled: 42 })
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      instanceId: run.instanceId,
      workflowName: 'doubling',
      status: 'completed',
      input: 21,
      output: { doubled: 42 },
      error: null,
      ownerService: 'order-service',
      continuedFrom: null,
      parentId: null,
      forkedFrom: null,
      tags: {},
      state: null,
      compensationState: 'none',
      cancel: null,
      suspendReason: null,
      version: null,
    })
    expect(await kit.storage.instance(run.instanceId)).toMatchObject({
      leaseOwner: null,
      leaseUntil: null,
      wakeAt: null,
    })
  })

  test('start resolves once the instance is committed, before it ends', async () => {
    const kit = await makeTest({ workflows: [waiting] })
    const run = await kit.start(waiting, null)
    expect((await kit.storage.instance(run.instanceId))?.status).toBe('waiting_for_timer')
  })

  test('a chosen instance id is kept; a second start with it is refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    const run = await kit.start(doubling, 1, { instanceId: 'order-1' })
    expect(run.instanceId).toBe('order-1')
    const error = await rejection(kit.app.start(doubling, 2, { instanceId: 'order-1' }))
    expect(error).toBeInstanceOf(InstanceExistsError)
    expect(error).toMatchObject({ code: 'INSTANCE_EXISTS', instanceId: 'order-1' })
    await kit.settle()
    expect(await kit.app.getInstance('order-1')).toMatchObject({ input: 1 })
  })

  test('two starts of one id at once: one wins, the other is refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    const starts = [1, 2].map((n) => kit.app.start(doubling, n, { instanceId: 'same' }))
    const settled = await Promise.allSettled(starts)
    expect(settled.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('return-existing gives the handle of the instance that is there, unless it is of another workflow', async () => {
    const kit = await makeTest({ workflows: [doubling, waiting] })
    await kit.start(doubling, 1, { instanceId: 'order-1' })
    const again = await kit.start(doubling, 5, { instanceId: 'order-1', onConflict: 'return-existing' })
    expect(await again.result()).toEqual({ doubled: 2 })
    await expect(
      kit.app.start(waiting, null, { instanceId: 'order-1', onConflict: 'return-existing' }),
    ).rejects.toBeInstanceOf(InstanceExistsError)
  })

  test('a delayed start is pending until its time has come', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    const run = await kit.start(doubling, 1, { delay: '1h' })
    await kit.advance('59m')
    expect(await run.status()).toBe('pending')
    await kit.advance('1m')
    expect(await run.result()).toEqual({ doubled: 2 })
  })

  test('startAt in the future waits, in the past starts at once, and an invalid date is refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    const later = await kit.start(doubling, 1, { startAt: new Date(kit.clock.now() + 60_000) })
    const now = await kit.start(doubling, 2, { startAt: new Date(0) })
    await kit.settle()
    expect(await later.status()).toBe('pending')
    expect(await now.status()).toBe('completed')
    await kit.advance('1m')
    expect(await later.status()).toBe('completed')
    await expect(kit.app.start(doubling, 3, { startAt: new Date(Number.NaN) })).rejects.toBeInstanceOf(RangeError)
  })

  test('a delayed start survives a crash', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    const run = await kit.start(doubling, 1, { delay: '1h' })
    kit.crash()
    await kit.advance('1h')
    expect(await run.result()).toEqual({ doubled: 2 })
  })

  test('tags come from the definition and from the start, the latter win', async () => {
    const tagged = workflow(
      'tagged',
      { tags: (input: { customer: string }) => ({ customer: input.customer, origin: 'definition' }) },
      async () => 1,
    )
    const kit = await makeTest({ workflows: [tagged] })
    const run = await kit.start(tagged, { customer: 'c1' }, { tags: { origin: 'start' } })
    await kit.settle()
    expect((await kit.app.getInstance(run.instanceId))?.tags).toEqual({ customer: 'c1', origin: 'start' })
  })

  test('the lease is that of the start, else of the definition, else 300 s', async () => {
    const leased = workflow('leased', { lockTimeoutSeconds: 60 }, async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [leased, waiting] })
    const ids = [
      await kit.start(leased, null, { lockTimeoutSeconds: 7 }),
      await kit.start(leased, null),
      await kit.start(waiting, null),
    ]
    const rows = await Promise.all(ids.map((run) => kit.storage.instance(run.instanceId)))
    expect(rows.map((row) => row?.leaseMs)).toEqual([7_000, 60_000, 300_000])
  })

  test('a bad lockTimeoutSeconds of a start is refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(kit.app.start(doubling, 1, { lockTimeoutSeconds: bad })).rejects.toThrow(/lockTimeoutSeconds/)
    expect((await kit.app.findInstances()).instances).toEqual([])
  })

  test('tags that are not strings are refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    await expect(kit.app.start(doubling, 1, { tags: { n: 1 as never } })).rejects.toThrow("Tag 'n' must be a string")
    await expect(kit.app.start(doubling, 1, { tags: { n: 'x'.repeat(2_000_000) } })).rejects.toMatchObject({
      code: 'SERIALIZATION',
    })
    expect((await kit.app.findInstances()).instances).toEqual([])
  })

  test('tags that a definition makes are checked as those of a caller are, in children too', async () => {
    const odd = workflow('odd', { tags: () => ({ n: 1 as never }) }, async () => 1)
    const parent = workflow('parent', async (ctx, _input: null) => ctx.call(odd, null))
    const kit = await makeTest({ workflows: [odd, parent] })
    await expect(kit.app.start(odd, null)).rejects.toThrow("Tag 'n' must be a string")
    const run = await kit.start(parent, null)
    expect((await rejection(run.result())).cause).toMatchObject({ message: "Tag 'n' must be a string" })
  })

  test('the version of the definition is kept with the instance', async () => {
    const versioned = workflow('versioned', { version: 3 }, async () => 1)
    const kit = await makeTest({ workflows: [versioned] })
    const run = await kit.start(versioned, null)
    await kit.settle()
    expect((await kit.app.getInstance(run.instanceId))?.version).toBe(3)
  })

  test('a workflow can be started by its name; one that this worker does not know is refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    const run = await kit.app.start('doubling', 4)
    await kit.settle()
    expect(await kit.handle(run.instanceId).result()).toEqual({ doubled: 8 })
    const error = await rejection(kit.app.start('dubling', 4))
    expect(error).toBeInstanceOf(UnknownWorkflowError)
    expect(error.message).toContain('doubling')
    await expect(kit.app.start(waiting, null)).rejects.toBeInstanceOf(UnknownWorkflowError)
  })

  test('a client accepts any name; the instance is pending until a worker has it', async () => {
    const kit = await makeTest({ workflows: [], worker: false })
    const run = await kit.app.start('doubling', 4)
    await kit.settle()
    expect((await kit.app.getInstance(run.instanceId))?.status).toBe('pending')
    await kit.redeploy({ workflows: [doubling], worker: true })
    expect(await kit.handle(run.instanceId).result()).toEqual({ doubled: 8 })
  })

  test('an input that a client could not check fails the instance where the schema is known', async () => {
    const strict = workflow('strict', { input: z.object({ n: z.number() }) }, async (_ctx, { n }) => n)
    const kit = await makeTest({ workflows: [], worker: false })
    const run = await kit.app.start('strict', { n: 'one' })
    await kit.redeploy({ workflows: [strict], worker: true })
    expect((await rejection(kit.handle(run.instanceId).result())).cause).toMatchObject({ code: 'VALIDATION' })
  })

  test('an empty or overlong instance id is refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    for (const instanceId of ['', 'x'.repeat(151), 'a\u0000b'])
      await expect(kit.app.start(doubling, 1, { instanceId })).rejects.toBeInstanceOf(TypeError)
  })

  test('nothing is stored by a start that was refused', async () => {
    const kit = await makeTest({ workflows: [doubling] })
    await rejection(kit.app.start('nobody', 1))
    await rejection(kit.app.start(doubling, 1n as never))
    expect(await kit.app.findInstances()).toEqual({ instances: [], nextPageToken: null, hasMore: false })
  })

  test('workflow.start uses the app it is bound to', async () => {
    const bound = workflow('bound', async (ctx, n: number) => double(ctx, n))
    await expect(bound.start(1)).rejects.toBeInstanceOf(NotInitializedError)
    const kit = await makeTest({ workflows: [bound] })
    const run = await bound.start(3)
    await kit.settle()
    expect(await kit.handle(run.instanceId).result()).toBe(6)
    await kit.app.shutdown()
    await expect(bound.start(1)).rejects.toBeInstanceOf(NotInitializedError)
  })

  test('workflow.start of a workflow that two apps run is ambiguous; app.start says which', async () => {
    const shared = workflow('shared', async (ctx, n: number) => double(ctx, n))
    const one = await makeTest({ workflows: [shared] })
    const two = await makeTest({ workflows: [shared], storage: async (clock) => createMemoryStorage({ clock }) })
    expect(await rejection(shared.start(1))).toMatchObject({ code: 'AMBIGUOUS_APP' })
    const runs = [await one.start(shared, 1), await two.start(shared, 2)]
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([2, 4])
    expect((await one.app.findInstances()).instances).toHaveLength(1)
  })

  test('before initialize and after shutdown every method says so', async () => {
    const fresh = new EddaApp({ serviceName: 's', dbUrl: ':memory:', workflows: [doubling] })
    expect(() => fresh.handle('x')).toThrow(NotInitializedError)
    await expect(fresh.start(doubling, 1)).rejects.toBeInstanceOf(NotInitializedError)
    await expect(fresh.getInstance('x')).rejects.toBeInstanceOf(NotInitializedError)
    await expect(fresh.cancel('x')).rejects.toBeInstanceOf(NotInitializedError)
    await fresh.shutdown()
    const kit = await makeTest({ workflows: [doubling] })
    const { app } = kit
    await app.shutdown()
    await expect(app.start(doubling, 1)).rejects.toBeInstanceOf(NotInitializedError)
    await expect(app.initialize()).rejects.toBeInstanceOf(NotInitializedError)
    await app.shutdown()
  })

  test('a start that commits while the app begins to stop is told as started', async () => {
    const kit = await makeTest({ workflows: [waiting] })
    const { app } = kit
    let stopping: Promise<void> | undefined
    kit.onCommit({
      before: (units) => {
        if (units.some((unit) => unit.kind === 'start')) stopping ??= app.shutdown()
      },
    })
    expect((await app.start(waiting, null, { instanceId: 'late' })).instanceId).toBe('late')
    await stopping
    expect(await kit.storage.instance('late')).toMatchObject({ id: 'late', leaseOwner: null })
  })

  test('a method that gives a promise never throws beside it', async () => {
    const fresh = new EddaApp({ serviceName: 's', dbUrl: ':memory:', workflows: [doubling] })
    for (const call of [
      () => fresh.findInstances(),
      () => fresh.publish('c', 1),
      () => fresh.sendTo('i', 1),
      () => fresh.dryReplay('i'),
      () => fresh.channelStats(),
    ])
      await expect(call()).rejects.toBeInstanceOf(NotInitializedError)
    await fresh.shutdown()
  })
})
