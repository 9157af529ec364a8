/** What an edge is given and cannot be meant: a typed error that says what to do, and nothing is stored. */
import { expect, test } from 'vitest'
import { CloudEventError, channel, type EddaApp, sendEvent, workflow } from '../../src/index'
import { describeEverywhere, rejection } from './fixture'

const any = workflow('any', async (_ctx, input: unknown) => input)
const LONG = 'x'.repeat(151)

describeEverywhere('bad input', (makeTest) => {
  test.each<[string, (app: EddaApp) => unknown, object]>([
    ['an unknown onConflict', (app) => app.start(any, 1, { onConflict: 'replace' as never }), { name: 'TypeError' }],
    ['a fork with an id that is too long', (app) => app.fork('one', { instanceId: LONG }), { name: 'TypeError' }],
    ['a page of history after nothing', (app) => app.getHistory('one', { after: -1 }), { name: 'RangeError' }],
    ['a page of history after text', (app) => app.getHistory('one', { after: 'x' as never }), { name: 'RangeError' }],
    ['a publish to nowhere', (app) => app.publish(undefined as never, 1), { message: /A channel needs a name/ }],
    ['metadata that are text', (app) => app.publish('c', 1, { metadata: 'x' as never }), { message: /metadata/i }],
    ['metadata that are a list', (app) => app.publish('c', 1, { metadata: [] as never }), { message: /metadata/i }],
    ['metadata for a receiver', (app) => app.sendTo('one', 1, { metadata: 5 as never }), { message: /metadata/i }],
    ['no event', (app) => app.handleCloudEvent(null as never), { code: 'CLOUD_EVENT' }],
    ['an event that is text', (app) => app.handleCloudEvent('{}' as never), { code: 'CLOUD_EVENT' }],
    [
      'extensions that are text',
      (app) => app.handleCloudEvent({ id: '1', source: '/s', type: 't', extensions: 'x' as never }),
      { code: 'CLOUD_EVENT' },
    ],
  ])('%s', async (_, act, expected) => {
    const kit = await makeTest({ workflows: [any] })
    await kit.start(any, 1, { instanceId: 'one' })
    await kit.settle()
    const error = await rejection((async () => act(kit.app))())
    for (const [member, value] of Object.entries(expected))
      expect((error as never)[member]).toEqual(value instanceof RegExp ? expect.stringMatching(value) : value)
    expect((await kit.app.findInstances()).instances).toHaveLength(1)
    expect(await kit.app.channelStats()).toEqual([])
    expect(await kit.storage.inbox({ limit: 1 })).toEqual([])
  })

  test('metadata that are no object, from workflow code', async () => {
    const wf = workflow('publishing', async (ctx, metadata: unknown) =>
      ctx.publish('c', 1, { metadata: metadata as Record<string, string> }),
    )
    const kit = await makeTest({ workflows: [wf] })
    const run = await kit.start(wf, 'text')
    expect((await rejection(run.result())).cause).toMatchObject({ name: 'TypeError' })
    expect(await kit.app.channelStats()).toEqual([])
  })
})

test('a channel without options, an event sent to nowhere: said in words', async () => {
  expect(() => channel('c', undefined as never)).toThrow("Must be 'broadcast', 'competing', or 'direct'")
  expect(await rejection(sendEvent('t', '/s', 1, undefined as never))).toMatchObject({ code: 'CONFIGURATION' })
  expect(await rejection(sendEvent('t', 'a b', 1, { brokerUrl: 'http://h/' }))).toBeInstanceOf(CloudEventError)
})
