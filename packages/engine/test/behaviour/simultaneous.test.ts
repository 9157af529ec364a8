/** Several answers at hand at once: each is recorded with what it makes the code do, and none is lost to a branch that lost. */
import { expect, test } from 'vitest'
import { type WorkflowContext, workflow } from '../../src/index'
import { crashEverywhere, type TestApp } from '../../src/testing/index'
import { describeEverywhere } from './fixture'

const both = workflow('both', async (ctx, _input: null) => {
  const tell = async (to: string): Promise<boolean> => {
    const delivered = await ctx.sendTo(to, 'hello')
    ctx.setState({ told: to })
    return delivered
  }
  const told = await Promise.all([tell('nobody-1'), tell('nobody-2')])
  await ctx.sleep('1h')
  return told
})

const choosy = workflow('choosy', async (ctx, _input: null) => {
  await ctx.subscribe('jobs', { mode: 'competing' })
  await ctx.subscribe('news')
  await ctx.sleep('10s')
  const first = await ctx.race({ news: ctx.receive<string>('news'), jobs: ctx.receive<string>('jobs') })
  ctx.setState({ first: first.key })
  const second = await ctx.receive<string>(first.key === 'news' ? 'jobs' : 'news', { timeout: '1h' })
  return [first.value.data, second.data]
})

const selfFed = workflow('selfFed', async (ctx, _input: null) => {
  await ctx.subscribe('jobs', { mode: 'competing' })
  await ctx.subscribe('news')
  await ctx.publish('news', 'news')
  await ctx.publish('jobs', 'job')
  const first = await ctx.race({ jobs: ctx.receive<string>('jobs'), news: ctx.receive<string>('news') })
  ctx.setState({ first: first.key })
  const second = await ctx.receive<string>(first.key === 'news' ? 'jobs' : 'news')
  return [first.value.data, second.data]
})

const careless = workflow('careless', async (ctx: WorkflowContext, _input: null) => {
  void ctx.sendTo('nobody-1', 1)
  void ctx.sendTo('nobody-2', 2)
  return 'gone'
})

const publishBoth = async (kit: TestApp): Promise<void> => {
  await kit.advance('1s')
  await kit.app.publish('news', 'news')
  await kit.app.publish('jobs', 'job')
  await kit.advance('2h')
}

const types = async (run: { history(): Promise<readonly { type: string; activityId: string }[]> }) =>
  (await run.history()).map((event) => `${event.type} ${event.activityId}`)

describeEverywhere('answers that come together', (makeTest) => {
  test('stand each in front of what it caused', async () => {
    const kit = await makeTest({ workflows: [both] })
    const run = await kit.start(both, null)
    await kit.advance('2h')
    expect(await run.result()).toEqual([false, false])
    expect(await types(run)).toEqual([
      'MessagePublished send_to___direct__:1',
      'StateSet state:1',
      'MessagePublished send_to___direct__:2',
      'StateSet state:2',
      'TimerExpired sleep:1',
    ])
    expect(await kit.app.dryReplay(run.instanceId)).toMatchObject({ ok: true })
  })

  test('the loser of a race takes no message: whoever reads its channel next gets it', async () => {
    const kit = await makeTest({ workflows: [choosy] })
    const run = await kit.start(choosy, null)
    await publishBoth(kit)
    expect(await run.result()).toEqual(['news', 'job'])
    expect(await kit.app.dryReplay(run.instanceId)).toMatchObject({ ok: true })
  })

  test('a workflow that returns without waiting for what it sent ends all the same', async () => {
    const kit = await makeTest({ workflows: [careless] })
    const run = await kit.start(careless, null)
    await kit.settle()
    expect([await run.status(), await run.result()]).toEqual(['completed', 'gone'])
    expect(await types(run)).toEqual(['MessagePublished send_to___direct__:1', 'MessagePublished send_to___direct__:2'])
  })
})

test.each([
  ['asks', both, (kit: TestApp) => kit.advance('2h')],
  ['ready messages', selfFed, (kit: TestApp) => kit.settle()],
] as const)('a crash beside any commit changes nothing for %s', async (_, wf, drive) => {
  const report = await crashEverywhere(wf, null, { drive })
  expect(report.outcome).toMatch(/^completed/)
  expect(report.points).toBeGreaterThan(3)
})
