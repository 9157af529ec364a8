import { expect, test } from 'vitest'
import { activity, workflow } from '../../src/index'
import { describeEverywhere, gate, historyOf, recordingLog, SILENT } from './fixture'

/** Processes that look around by themselves, as they do outside of tests. */
const LOOKING = { pollIntervalMs: 1_000, heartbeatMs: 600_000, deadAfterMs: 1_800_000 }

describeEverywhere('recovery', (makeTest) => {
  test('C39 a lease that ended is taken over and the instance runs to its end; a fresh lease is left alone', async () => {
    let calls = 0
    const act = activity('act', async () => {
      if (++calls === 1) return new Promise<never>(() => {})
      return calls
    })
    const wf = workflow('taken', { lockTimeoutSeconds: 60 }, async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    // the process hangs: it renews nothing, and nobody knows that it is gone
    const owner = (await kit.storage.instance(run.instanceId))?.leaseOwner
    kit.onCommit({})
    const freeze = kit.storage.expireLeases
    kit.storage.expireLeases = async () => 0
    kit.crash()
    await kit.settle()
    kit.storage.expireLeases = freeze
    await kit.advance('59s')
    expect((await kit.storage.instance(run.instanceId))?.leaseOwner).toBe(owner)
    expect(calls).toBe(1)
    await kit.advance('2s')
    expect(await run.result()).toBe(2)
  })

  test('C39 one instance that cannot be resumed does not stop the others', async () => {
    const good = workflow('good', async (ctx, n: number) => {
      await ctx.sleep('1h')
      return n
    })
    const bad = workflow('bad', async (ctx, _n: number) => {
      await ctx.sleep('1h')
      return 'x'
    })
    const kit = await makeTest({ workflows: [good, bad] })
    const runs = [await kit.start(bad, 0), await kit.start(good, 1), await kit.start(good, 2)]
    await kit.settle()
    const changed = workflow('bad', async (ctx, _n: number) => ctx.waitEvent('never'))
    await kit.redeploy({ workflows: [good, changed] })
    await kit.advance('1h')
    expect(await Promise.all(runs.map((run) => run.status()))).toEqual(['suspended', 'completed', 'completed'])
  })

  test('an instance that takes its worker with it again and again is suspended, with a reason, and can be resumed', async () => {
    let isDeadly = true
    const logger = recordingLog()
    const wf = workflow('deadly', async (ctx, _input: null) => ctx.run('step', () => 'survived'))
    const kit = await makeTest({ workflows: [wf], settings: { maxTakeovers: 3 }, logger })
    kit.onCommit({
      before: (units) => {
        if (isDeadly && units.some((unit) => unit.kind === 'transition' && unit.events.length > 0)) kit.crash()
      },
    })
    const run = await kit.start(wf, null)
    await kit.advance('1h')
    expect(kit.crashes).toBe(4)
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({
      status: 'suspended',
      suspendReason: expect.stringContaining('4 times in a row'),
    })
    isDeadly = false
    await kit.app.resume(run.instanceId)
    expect(await run.result()).toBe('survived')
  })

  test('crashes with progress in between do not count together', async () => {
    const wf = workflow('slow', async (ctx, _input: null) => {
      for (let n = 0; n < 6; n++) {
        await ctx.run('step', () => n)
        await ctx.sleep('1m')
      }
      return 'done'
    })
    const kit = await makeTest({ workflows: [wf], settings: { maxTakeovers: 3 } })
    const run = await kit.start(wf, null)
    await kit.settle()
    for (let n = 2; n <= 6; n++) {
      kit.crashAfter(`step:${n}`)
      await kit.advance('1m')
    }
    await kit.advance('1m')
    expect(await run.result()).toBe('done')
    expect(kit.crashes).toBe(5)
  })

  test('two workers over one database: each instance runs once', async () => {
    const calls: string[] = []
    const act = activity('act', async (ctx) => {
      calls.push(`${ctx.instanceId} ${ctx.activityId}`)
    })
    const wf = workflow('shared', async (ctx, _input: null) => {
      await act(ctx, null)
      await ctx.sleep('10m')
      await act(ctx, null)
    })
    const kit = await makeTest({ workflows: [wf], settings: { pollIntervalMs: 1_000 } })
    const other = await kit.companion({ workflows: [wf], logger: SILENT, settings: LOOKING })
    const ids = Array.from({ length: 10 }, (_, n) => `i-${n}`)
    for (const [n, instanceId] of ids.entries()) {
      if (n % 2 === 0) await kit.start(wf, null, { instanceId })
      else await other.start(wf, null, { instanceId })
    }
    await kit.advance('20m')
    for (const id of ids) expect((await kit.app.getInstance(id))?.status).toBe('completed')
    expect(calls.sort()).toEqual(ids.flatMap((id) => [`${id} act:1`, `${id} act:2`]).sort())
  })

  test('a worker leaves alone what it does not know; whoever knows it takes it', async () => {
    const mine = workflow('mine', async () => 'mine')
    const theirs = workflow('theirs', async () => 'theirs')
    const kit = await makeTest({ workflows: [mine], settings: { pollIntervalMs: 1_000 } })
    const client = await kit.companion({ workflows: [], worker: false })
    const run = await client.start('theirs', null)
    await kit.advance('1m')
    expect((await kit.app.getInstance(run.instanceId))?.status).toBe('pending')
    await kit.companion({ workflows: [theirs], logger: SILENT, settings: LOOKING })
    await kit.advance('5s')
    expect(await kit.app.getInstance(run.instanceId)).toMatchObject({ status: 'completed', output: 'theirs' })
  })

  test('C22 parking is one transaction: an owner that has lost its instance changes nothing by it', async () => {
    const wf = workflow('parking', async (ctx, _input: null) => {
      await ctx.run('step', () => 1)
      return (await ctx.waitEvent('paid', { timeout: '1h' })).data
    })
    const kit = await makeTest({ workflows: [wf] })
    const { commit } = kit.storage
    let standing: unknown
    kit.storage.commit = async (units, options) => {
      const parks = units.find(
        (unit) => unit.kind === 'transition' && unit.waits.length > 0 && unit.lease === 'release',
      )
      if (parks?.kind === 'transition' && standing === undefined) {
        // somebody takes it over while its owner is on the way to the database
        await kit.storage.operate(parks.instanceId, { type: 'suspend', reason: 'mine' }, { now: 0, audit: null })
        standing = await kit.storage.instance(parks.instanceId)
        const verdicts = await commit(units, options)
        expect(verdicts.map(({ kind }) => kind)).toContain('lost')
        expect(await kit.storage.instance(parks.instanceId)).toEqual(standing)
        expect(await kit.storage.waits({ instanceId: parks.instanceId, limit: 5 })).toEqual([])
        return verdicts
      }
      return commit(units, options)
    }
    const run = await kit.start(wf, null)
    await kit.settle()
    expect(await run.status()).toBe('suspended')
    await kit.app.resume(run.instanceId)
    await kit.settle()
    expect(await run.status()).toBe('waiting_for_event')
    await kit.app.publish('paid', 'once')
    expect(await run.result()).toBe('once')
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityCompleted step:1', 'EventReceived receive_paid:1'])
  })

  test('a zombie: an owner that lost its lease writes nothing more, its activity’s signal aborts, and the work is done once more elsewhere', async () => {
    const door = gate<string>()
    const seen: string[] = []
    const act = activity('act', async (ctx) => {
      seen.push(`attempt ${ctx.attempt}`)
      if (ctx.attempt > 1) return 'by the successor'
      ctx.signal.addEventListener('abort', () => seen.push('zombie aborted'))
      return door.opened
    })
    const wf = workflow('zombie', { lockTimeoutSeconds: 60 }, async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf], settings: { pollIntervalMs: 1_000 } })
    const run = await kit.start(wf, null)
    await kit.settle()
    const { renew } = kit.storage
    kit.storage.renew = async () => {
      throw new Error('the network is down')
    }
    await kit.companion({ workflows: [wf], logger: SILENT, settings: LOOKING })
    await kit.advance('2m')
    kit.storage.renew = renew
    expect(seen).toContain('zombie aborted')
    door.open('by the zombie')
    await kit.settle()
    expect(await run.result()).toBe('by the successor')
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityCompleted act:1'])
  })
})

describeEverywhere('shutdown', (makeTest) => {
  test('parked instances and leases are handed back; the next process goes on', async () => {
    const wf = workflow('handed', async (ctx, _input: null) => {
      await ctx.sleep('1s')
      return 'on'
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.redeploy()
    const row = await kit.storage.instance(run.instanceId)
    expect(row?.takeovers).toBe(0)
    await kit.advance('1s')
    expect(await run.result()).toBe('on')
  })

  test('a running activity gets the grace period to finish, and its result is recorded', async () => {
    const door = gate<string>()
    const act = activity('act', () => door.opened)
    const wf = workflow('graceful', async (ctx, _input: null) => {
      const value = await act(ctx, null)
      await ctx.sleep('1h')
      return value
    })
    const kit = await makeTest({ workflows: [wf], settings: { graceMs: 10_000 } })
    const run = await kit.start(wf, null)
    await kit.settle()
    const stopping = kit.redeploy()
    await kit.settle()
    door.open('in time')
    await stopping
    expect(await historyOf(kit, run.instanceId)).toEqual(['ActivityCompleted act:1'])
    await kit.advance('1h')
    expect(await run.result()).toBe('in time')
  })

  test('when the grace ends the signal aborts; the attempt runs again elsewhere, one further', async () => {
    const attempts: number[] = []
    let reason: unknown
    const act = activity('act', async (ctx) => {
      attempts.push(ctx.attempt)
      if (ctx.attempt > 1) return 'again'
      ctx.signal.addEventListener('abort', () => {
        reason = ctx.signal.reason
      })
      return new Promise<never>(() => {})
    })
    const wf = workflow('stubborn', async (ctx, _input: null) => act(ctx, null))
    const kit = await makeTest({ workflows: [wf], settings: { graceMs: 10_000 } })
    const run = await kit.start(wf, null)
    await kit.settle()
    const stopping = kit.redeploy()
    await kit.settle()
    await kit.advance('9s')
    expect(reason).toBeUndefined()
    await kit.advance('1s')
    await stopping
    expect(reason).toBeInstanceOf(Error)
    expect(await run.result()).toBe('again')
    expect(attempts).toEqual([1, 2])
  })

  test('a result that is awaited while the app stops is rejected with NotInitializedError; the instance goes on', async () => {
    const wf = workflow('awaited', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    const awaited = kit.app
      .handle(run.instanceId)
      .result()
      .catch((error: unknown) => error)
    await kit.settle()
    await kit.redeploy()
    expect(await awaited).toMatchObject({ code: 'NOT_INITIALIZED' })
    expect(await run.status()).toBe('waiting_for_timer')
  })

  test('what falls due while nobody is there happens when somebody comes', async () => {
    const wf = workflow('absent', async (ctx, _input: null) => {
      await ctx.sleep('1h')
      return ctx.now().getTime()
    })
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, null)
    await kit.settle()
    await kit.redeploy({ worker: false })
    await kit.advance('5h')
    await kit.redeploy({ worker: true })
    expect(await run.result()).toBe(kit.clock.now())
  })

  test('nothing of a stopped app ticks any more', async () => {
    const wf = workflow('quiet', async (ctx, _input: null) => ctx.sleep('1h'))
    const kit = await makeTest({ workflows: [wf] })
    await kit.start(wf, null)
    await kit.settle()
    await kit.app.shutdown()
    expect(kit.clock.pending).toBe(0)
  })
})
