import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { holds } from '../testing/arbitraries'
import {
  activity,
  channel,
  checkLockTimeout,
  checkMode,
  checkName,
  checkTags,
  checkText,
  compensation,
  event,
  findCompensation,
  getAllWorkflows,
  INVOKE_ACTIVITY,
  isWellFormed,
  type Workflow,
  workflow,
} from './definition'
import { AmbiguousAppError, NotInitializedError } from './errors'

const fine = async () => null
/** Calls a definition function as JavaScript may. */
const loose = (define: unknown) => define as (...args: unknown[]) => unknown

/** Names that a database and a page show as they are. */
const goodName = fc.string({ unit: 'binary', minLength: 1, maxLength: 75 }).filter((name) => isWellFormed(name))
const badName = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    'x'.repeat(151),
    'a\u0000b',
    'a\nb',
    '\u007f',
    '\ud800',
    'a\udfff',
    5,
    null,
    undefined,
    {},
    [],
  ),
  fc
    .tuple(fc.string(), fc.integer({ min: 0, max: 31 }), fc.string())
    .map(([a, code, b]) => a + String.fromCharCode(code) + b),
)
const definers: [string, (name: unknown) => unknown][] = [
  ['workflow', (name) => loose(workflow)(name, fine)],
  ['activity', (name) => loose(activity)(name, fine)],
  ['compensation', (name) => loose(compensation)(name, fine)],
  ['event', (name) => loose(event)(name)],
  ['channel', (name) => loose(channel)(name, { mode: 'broadcast' })],
]

describe.each(definers)('the name of a definition: %s', (kind, define) => {
  test('may be any text that shows', () => {
    holds([goodName], (name) => expect(() => define(name)).not.toThrow())
  })

  test('is refused with the kind when it is empty, too long or does not show', () => {
    holds([badName], (name) => {
      expect(() => define(name)).toThrow(TypeError)
      expect(() => define(name)).toThrow(kind)
    })
  })
})

describe('a workflow', () => {
  test('is a value: name, options, function', () => {
    const about = { version: 3, description: 'an order', eventHandler: true, tags: () => ({}) }
    const options = { ...about, deadline: '1d' as const, retention: 60, lockTimeoutSeconds: 30, input: z.null() }
    const fn = async () => 7
    const order = workflow('order', options, fn)
    expect({
      kind: order.kind,
      workflowName: order.workflowName,
      options: order.options,
      fn: order.fn,
      name: order.name,
    }).toEqual({
      kind: 'workflow',
      workflowName: 'order',
      options,
      fn,
      name: 'order',
    })
  })

  test('called with a context runs as a function', async () => {
    const double = workflow('double', async (_ctx, n: number) => n * 2)
    await expect(double({} as never, 4)).resolves.toBe(8)
  })

  test.each<[string, unknown[], string]>([
    ['no function', ['order'], 'needs a function as its last argument'],
    ['no function after options', ['order', {}], "workflow 'order' needs a function as its last argument"],
    ['a function in the wrong place', ['order', fine, undefined], 'needs a function as its last argument'],
    ['a plain function', ['order', () => null], "workflow 'order' must be an async function"],
    ['a generator', ['order', function* () {}], 'must be an async function'],
    ['no options', ['order', null, fine], 'options must be an object'],
    ['options that are text', ['order', 'text', fine], 'options must be an object'],
    ['version 0', ['order', { version: 0 }, fine], 'version must be an integer from 1'],
    ['version 1.5', ['order', { version: 1.5 }, fine], 'version must be an integer from 1'],
    ['version 2 147 483 648', ['order', { version: 2_147_483_648 }, fine], 'version must be an integer from 1'],
    ['an event type that is too long', ['order', { eventHandler: 'x'.repeat(151) }, fine], 'An event needs a name'],
    ['an event type that is none', ['order', { eventHandler: 5 }, fine], 'eventHandler must be true, false or'],
    ['tags that are no function', ['order', { tags: { k: 'v' } }, fine], 'tags must be a function'],
    ['a description that is no text', ['order', { description: 5 }, fine], 'description must be a text'],
    ['an input that is no schema', ['order', { input: {} }, fine], "workflow 'order': input must be a Standard Schema"],
    [
      'an output that is no schema',
      ['order', { output: null }, fine],
      "workflow 'order': output must be a Standard Schema",
    ],
  ])('with %s is refused', (_, args, message) => {
    expect(() => loose(workflow)(...args)).toThrow(TypeError)
    expect(() => loose(workflow)(...args)).toThrow(message)
  })

  test.each([
    ['lockTimeoutSeconds', 0],
    ['lockTimeoutSeconds', Number.NaN],
    ['deadline', '5 minutes'],
    ['deadline', -1],
    ['retention', 'x'],
  ])('with %s %s is refused', (option, value) => {
    expect(() => loose(workflow)('order', { [option]: value }, fine)).toThrow(RangeError)
  })

  test('is known by name to this process, the latest of a name', () => {
    const first = workflow('known', fine)
    const second = workflow('known', fine)
    expect(getAllWorkflows().get('known')).toBe(second)
    expect(getAllWorkflows().get('known')).not.toBe(first)
    ;(getAllWorkflows() as Map<string, Workflow>).clear()
    expect(getAllWorkflows().has('known')).toBe(true)
  })

  test('starts on the one app it is bound to, and says so when there is none or are several', async () => {
    const order = workflow('order', fine)
    await expect(order.start(null)).rejects.toThrow(NotInitializedError)
    const app = { start: async (...args: unknown[]) => args }
    order.boundTo.add(app)
    await expect(order.start(null, { instanceId: 'a' })).resolves.toEqual([order, null, { instanceId: 'a' }])
    order.boundTo.add({ start: async () => null })
    await expect(order.start(null)).rejects.toThrow(AmbiguousAppError)
  })
})

describe('an activity', () => {
  test('called in a workflow forwards to the context', async () => {
    const charge = activity('charge', { timeout: '5s' }, async (_ctx, cents: number) => cents)
    const calls: unknown[][] = []
    const ctx = { [INVOKE_ACTIVITY]: async (...args: unknown[]) => calls.push(args) }
    await charge(ctx as never, 5, { activityId: 'pay' })
    expect(calls).toEqual([[charge, 5, { activityId: 'pay' }]])
    expect([charge.kind, charge.activityName, charge.name]).toEqual(['activity', 'charge', 'charge'])
  })

  test.each([[{}], [undefined], [null]])('called outside a workflow (%s) says what to do', (ctx) => {
    const charge = activity('charge', async () => null)
    expect(() => charge(ctx as never, null)).toThrow("activity 'charge' was called outside a workflow")
  })

  test('may be a plain function', () => {
    expect(() => activity('plain', () => 5)).not.toThrow()
  })

  const undo = compensation('undo', fine)
  test.each<[string, object, string]>([
    ['input', { input: { parse: fine } }, "activity 'charge': input must be a Standard Schema"],
    ['output', { output: 'string' }, "activity 'charge': output must be a Standard Schema"],
    ['onFailure', { onFailure: fine }, "activity 'charge': onFailure must be a compensation"],
    ['onFailure', { onFailure: null }, "activity 'charge': onFailure must be a compensation"],
    ['compensateOn', { onFailure: undo, compensateOn: 'always' }, "activity 'charge': compensateOn must be"],
    ['thread', { thread: './work.js' }, "activity 'charge': thread must be the URL of a module"],
  ])('with a bad %s is refused', (_, options, message) => {
    expect(() => loose(activity)('charge', options, fine)).toThrow(TypeError)
    expect(() => loose(activity)('charge', options, fine)).toThrow(message)
  })

  test.each<[string, object]>([
    ['timeout', { timeout: 'soon' }],
    ['heartbeatTimeout', { heartbeatTimeout: -1 }],
    ['retry', { retry: { maxAttempts: 0 } }],
  ])('with a bad %s is refused', (_, options) => {
    expect(() => loose(activity)('charge', options, fine)).toThrow(RangeError)
  })

  test('with every option is accepted', () => {
    const thread = new URL('file:///work.js')
    const options = {
      input: z.string(),
      output: z.number(),
      retry: { maxAttempts: null },
      timeout: 5,
      heartbeatTimeout: '1s',
      thread,
      onFailure: undo,
      compensateOn: 'attempted',
    } as const
    expect(activity('full', options, async () => 5).options).toBe(options)
  })
})

describe('a compensation', () => {
  test('is found by its name, the latest of a name, until nobody defines it', () => {
    compensation('release', fine)
    const latest = compensation('release', { retry: { maxAttempts: 2 }, timeout: '5s' }, fine)
    expect(findCompensation('release')).toBe(latest)
    expect(findCompensation('gone')).toBeUndefined()
    expect(latest).toEqual({
      kind: 'compensation',
      compensationName: 'release',
      options: { retry: { maxAttempts: 2 }, timeout: '5s' },
      fn: fine,
    })
    expect(Object.isFrozen(latest)).toBe(true)
  })

  test('with a bad retry policy is refused', () => {
    expect(() => loose(compensation)('release', { retry: { jitter: 2 } }, fine)).toThrow(RangeError)
    expect(() => loose(compensation)('release', 5, fine)).toThrow('options must be an object')
  })
})

describe('events and channels', () => {
  test('are frozen values', () => {
    const schema = z.object({ id: z.string() })
    expect(event('paid', schema)).toEqual({ kind: 'event', type: 'paid', schema })
    expect(event('paid')).toEqual({ kind: 'event', type: 'paid', schema: undefined })
    expect(channel('jobs', { mode: 'competing', schema })).toEqual({
      kind: 'channel',
      name: 'jobs',
      mode: 'competing',
      schema,
    })
    expect(Object.isFrozen(event('paid'))).toBe(true)
    expect(Object.isFrozen(channel('jobs', { mode: 'direct' }))).toBe(true)
  })

  test('with what is no schema are refused', () => {
    expect(() => loose(event)('paid', {})).toThrow("event 'paid': schema must be a Standard Schema")
    expect(() => loose(channel)('jobs', { mode: 'direct', schema: 5 })).toThrow(
      "channel 'jobs': schema must be a Standard Schema",
    )
  })

  test('a mode is one of three', () => {
    holds([fc.oneof(fc.string(), fc.constantFrom<unknown>(null, undefined, 5, {}))], (mode) => {
      fc.pre(!['broadcast', 'competing', 'direct'].includes(mode as string))
      expect(() => checkMode(mode)).toThrow(
        `Invalid subscription mode: ${String(mode)}. Must be 'broadcast', 'competing', or 'direct'`,
      )
    })
    for (const mode of ['broadcast', 'competing', 'direct']) expect(() => checkMode(mode)).not.toThrow()
  })
})

describe('what starts are checked by', () => {
  test('a lease is from a millisecond to a day', () => {
    holds([fc.double({ min: 0.001, max: 86_400, noNaN: true })], (seconds) =>
      expect(() => checkLockTimeout(seconds)).not.toThrow(),
    )
    for (const bad of [0, -1, 86_401, Number.NaN, '5', null]) expect(() => checkLockTimeout(bad)).toThrow(RangeError)
  })

  test('tags are a flat object of strings', () => {
    holds([fc.dictionary(fc.string(), fc.string())], (tags) => expect(() => checkTags(tags)).not.toThrow())
    for (const bad of [null, [], 'x', 5]) expect(() => checkTags(bad)).toThrow('Tags must be an object of strings')
    expect(() => checkTags({ a: 'x', b: 5 })).toThrow("Tag 'b' must be a string")
  })

  test('a text fits its column and every database', () => {
    holds([fc.string({ unit: 'binary', maxLength: 20 })], (text) => {
      const isSound = !text.includes('\u0000')
      const checking = () => checkText('reason', text, 40)
      if (isSound) expect(checking).not.toThrow()
      else expect(checking).toThrow('reason has U+0000 or an unpaired surrogate')
    })
    expect(() => checkText('reason', 'x'.repeat(40), 40)).not.toThrow()
    for (const bad of ['x'.repeat(41), 5, null])
      expect(() => checkText('reason', bad, 40)).toThrow('reason must be a text of at most 40 characters')
    expect(() => checkText('reason', '\ud800', 40)).toThrow('unpaired surrogate')
  })

  test('a name says what it is the name of', () => {
    expect(() => checkName('step', '')).toThrow('A step needs a name of 1 to 150 characters, not ""')
    expect(() => checkName('step', 'a\u0007')).toThrow('The step name "a\\u0007" has control characters')
  })
})
