import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyText, holds, jsonValue } from '../testing/arbitraries'
import * as errors from './errors'
import { errorName, fromFailure, toFailure } from './failure'
import type { Failure } from './instance'

/** As a database gives it back. */
function stored(error: unknown): Failure {
  return JSON.parse(JSON.stringify(toFailure(error))) as Failure
}
const decoded = (error: unknown): Error => fromFailure(stored(error))

const ours: readonly errors.EddaError[] = [
  new errors.TerminalError('stop'),
  new errors.RetryExhaustedError('gave up', { cause: new RangeError('inner') }),
  new errors.TimeoutError('too slow'),
  new errors.EventTimeoutError({ eventType: 'paid', timeoutSeconds: 5 }),
  new errors.ReceiveTimeoutError({ channel: 'jobs', timeoutSeconds: 5 }),
  new errors.ValidationError({ what: 'input', issues: [{ path: 'a.b', message: 'no' }] }),
  new errors.SerializationError({ what: 'result', path: '$', reason: 'too large', bytes: 9, limit: 8 }),
  new errors.NonDeterminismError({ message: 'differs', expected: null, actual: [{ kind: 'k', activityId: 'a:1' }] }),
  new errors.LeaseLostError('order-1'),
  new errors.WorkflowFailedError({ instanceId: 'order-1', cause: new errors.TerminalError('stop') }),
  new errors.WorkflowCancelledError({ instanceId: 'order-1', by: 'ann', reason: 'late' }),
  new errors.WorkflowCancelledError({ instanceId: 'order-1', by: null, reason: null }),
  new errors.ChannelModeConflictError({ channel: 'c', existingMode: 'direct', requestedMode: 'broadcast' }),
  new errors.NotSubscribedError('jobs'),
  new errors.HttpError({ status: 503, body: 'later', message: 'HTTP 503' }),
  new errors.HttpError({ status: 0, body: '', message: 'refused' }, { cause: new TypeError('fetch failed') }),
  new errors.CloudEventError('InvalidAttribute', 'attribute "id" is empty'),
  new errors.CloudEventError('TooLarge', 'too large'),
  new errors.CloudEventError('UnsupportedMediaType', 'xml'),
  new errors.ConfigurationError('bad option'),
  new errors.DatabaseError('gone'),
  new errors.MigrationError('newer'),
  new errors.NotInitializedError('first'),
  new errors.AmbiguousAppError('order'),
  new errors.DuplicateDefinitionError('workflow', 'order'),
  new errors.UnknownWorkflowError('order', []),
  new errors.UnknownWorkflowError('order', ['a', 'b']),
  new errors.InstanceNotFoundError('order-1'),
  new errors.InstanceExistsError('order-1'),
  new errors.InvalidStateError('ended'),
  new errors.InvalidFilterError('path'),
  new errors.InvalidPageTokenError(),
  new errors.ResultTimeoutError('order-1', 5),
  new errors.EddaError('DATABASE', 'plain'),
]
const language = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map(
  (Kind) => new Kind('odd'),
)
const known = fc.constantFrom(...ours, ...language)

class Declined extends Error {
  readonly reason = 'limit'
}
class Stolen extends errors.TerminalError {}

/** Errors as users throw them: any class, with fields and causes. */
const { error: anyError } = fc.letrec<{ error: Error }>((tie) => ({
  error: fc
    .record({
      Kind: fc.constantFrom<new (message: string, options?: ErrorOptions) => Error>(
        Error,
        Declined,
        Stolen,
        TypeError,
        errors.TerminalError,
        errors.RetryExhaustedError,
      ),
      message: fc.oneof(fc.string(), anyText),
      fields: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), jsonValue, { maxKeys: 3, noNullPrototype: true }),
      cause: fc.option(tie('error'), { depthSize: 'small', maxDepth: 3, nil: undefined }),
    })
    .map(({ Kind, message, fields, cause }) => Object.assign(new Kind(message, cause ? { cause } : {}), fields)),
}))

function chain(error: unknown): unknown[] {
  return error === undefined ? [] : [error, ...chain((error as Error).cause)]
}

describe('a stored error', () => {
  test('comes back with class, message, code and fields, if the class is the engine’s or the language’s', () => {
    holds([known], (error) => {
      const back = decoded(error)
      expect(back).toBeInstanceOf(error.constructor)
      expect(back.constructor).toBe(error.constructor)
      expect({ ...back, name: back.name, message: back.message, stack: back.stack }).toEqual(
        JSON.parse(JSON.stringify({ ...error, name: error.name, message: error.message, stack: error.stack })),
      )
    })
  })

  test('has a code that its class name tells, whichever class of the engine it is', () => {
    const named = ours.filter((error) => error.constructor !== errors.EddaError)
    expect(new Set(ours.map((error) => error.name))).toEqual(new Set(Object.keys(errors)))
    for (const { code, name } of named)
      expect(code).toBe(
        name
          .replace(/Error$/, '')
          .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
          .toUpperCase(),
      )
  })

  test('keeps its cause chain, class by class', () => {
    holds([anyError], (error) => {
      const names = (root: unknown) => chain(root).map((one) => [errorName(one), (one as Error).message])
      expect(names(decoded(error))).toEqual(names(error))
    })
  })

  test('is an instance of what its class was derived from', () => {
    holds([anyError], (error) => {
      const back = decoded(error)
      for (const Kind of [errors.TerminalError, errors.RetryExhaustedError, errors.EddaError, TypeError])
        expect(back instanceof Kind).toBe(error instanceof Kind)
    })
  })

  test('stores to the same again once decoded: an error that passes through many hands does not wear', () => {
    holds([anyError], (error) => {
      const first = stored(error)
      expect(stored(fromFailure(first))).toEqual(first)
    })
  })

  test('reads the same live and on replay, since both read the stored form', () => {
    holds([anyError], (error) => {
      const failure = stored(error)
      expect(fromFailure(failure)).toEqual(fromFailure(JSON.parse(JSON.stringify(failure))))
    })
  })

  test('is a real error to the language: it prints and serializes as one', () => {
    holds([known], (error) => {
      expect(Object.prototype.toString.call(decoded(error))).toBe('[object Error]')
      expect(Object.keys(decoded(error))).not.toContain('message')
    })
  })

  test('survives whatever was thrown', () => {
    holds([fc.anything()], (thrown) => {
      const back = decoded(thrown)
      expect(back).toBeInstanceOf(Error)
      expect(typeof back.message).toBe('string')
    })
  })
})

describe('of other classes', () => {
  test('a user’s class comes back as an Error of that name, with its fields', () => {
    const back = decoded(Object.assign(new Declined('no funds'), { code: 'E_CARD' }))
    expect(back.constructor).toBe(Error)
    expect({ ...back, name: back.name, message: back.message }).toEqual({
      name: 'Declined',
      message: 'no funds',
      reason: 'limit',
      code: 'E_CARD',
    })
  })

  test('one that shares a name with a class of the engine is not taken for it', () => {
    const foreign = Object.assign(new Error('age is required'), { name: 'ValidationError', errors: ['age'] })
    const back = decoded(foreign)
    expect(back).not.toBeInstanceOf(errors.ValidationError)
    expect(back.name).toBe('ValidationError')
    expect(decoded(new DOMException('aborted', 'TimeoutError'))).not.toBeInstanceOf(errors.TimeoutError)
  })

  test('one derived from TerminalError is one on replay too, under its own name', () => {
    const back = decoded(new Stolen('card'))
    expect(back).toBeInstanceOf(errors.TerminalError)
    expect([back.name, back.message, (back as Stolen).code]).toEqual(['Stolen', 'card', 'TERMINAL'])
    expect(stored(new Stolen('card'))).toMatchObject({ name: 'Stolen', extends: 'TerminalError', code: 'TERMINAL' })
  })

  test.each([
    ['no name at all', new (class extends Error {})('x'), 'Error'],
    ['an empty name', Object.assign(new Error('x'), { name: '' }), 'Error'],
    ['a name that is none', Object.assign(new Declined('x'), { name: 5 }), 'Declined'],
    [
      'no constructor',
      Object.setPrototypeOf(
        Object.assign(new Error('x')),
        Object.create(Error.prototype, { constructor: { value: undefined } }),
      ),
      'Error',
    ],
    ['a name of its own', Object.assign(new Error('x'), { name: 'Late' }), 'Late'],
  ])('%s has a name still', (_, error, name) => {
    expect(stored(error).name).toBe(name)
    expect(errorName(error)).toBe(name)
  })

  test.each([
    ['text', 'text'],
    [7, '7'],
    [null, 'null'],
    [undefined, 'undefined'],
    [5n, '5'],
    [Symbol('s'), 'Symbol(s)'],
    [{ a: 1 }, '{"a":1}'],
    [circular(), '[object Object]'],
    [Object.assign(Object.create(null), { a: 5n }), '[object Object]'],
  ])('what is no error becomes one with the value in its message: %s', (thrown, message) => {
    expect(stored(thrown)).toEqual({ name: 'Error', message })
    expect(errorName(thrown)).toBe(typeof thrown)
  })
})

describe('what an error carries', () => {
  test('a numeric code stays a number', () => {
    expect(stored(Object.assign(new Error('x'), { code: 404 }))).toMatchObject({ code: '404', fields: { code: 404 } })
    expect(decoded(Object.assign(new Error('x'), { code: 404 }))).toMatchObject({ code: 404 })
  })

  test('members without JSON form are left out, the others stay', () => {
    const error = Object.assign(new Error('x'), { big: 1n, fn: () => 1, fine: [1], huge: ['x'.repeat(10_001)] })
    Object.defineProperty(error, 'broken', {
      enumerable: true,
      get() {
        throw new Error('no access')
      },
    })
    Object.defineProperty(error, '__proto__', { enumerable: true, value: { polluted: true } })
    expect(stored(error).fields).toEqual({ fine: [1] })
  })

  test('members are bounded in all', () => {
    const members = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}`, 'x'.repeat(5_000)]))
    expect(JSON.stringify(stored(Object.assign(new Error('x'), members)).fields).length).toBeLessThan(60_000)
  })

  test('a text among them is cut, so that an endpoint’s long answer is a text on replay too', () => {
    const { body } = decoded(
      new errors.HttpError({ status: 500, body: 'x'.repeat(60_000), message: 'HTTP 500' }),
    ) as errors.HttpError
    expect(body).toMatch(/^x{9960}… \(50040 more characters\)$/)
  })

  test('message and stack are cut, with a remark of how much', () => {
    const failure = stored(new Error('x'.repeat(50_000)))
    expect(failure.message).toMatch(/x… \(\d+ more characters\)$/)
    expect(failure.message.length).toBeLessThanOrEqual(20_000)
    expect(stored(new Error('x'.repeat(20_000))).message).toBe('x'.repeat(20_000))
    expect(failure.stack?.length).toBeLessThanOrEqual(8_000)
  })

  test('a cause chain ends after eight, also one that bites its tail', () => {
    const endless = new Error('again') as Error & { cause?: unknown }
    endless.cause = endless
    expect(chain(decoded(endless))).toHaveLength(9)
    expect(chain(decoded(new Error('only', { cause: null })))).toHaveLength(2)
  })

  test('the errors of an AggregateError come with it', () => {
    const back = decoded(new AggregateError([new errors.TerminalError('one'), 'two'], 'all failed'))
    expect(back).toBeInstanceOf(AggregateError)
    expect((back as AggregateError).errors.map((one: Error) => [one.constructor, one.message])).toEqual([
      [errors.TerminalError, 'one'],
      [Error, 'two'],
    ])
    const nested = new AggregateError([], 'again')
    nested.errors.push(nested)
    expect(() => JSON.stringify(toFailure(nested))).not.toThrow()
    expect(stored(new AggregateError(Array.from({ length: 50 }, (_, i) => i))).errors).toHaveLength(10)
  })

  test('an error without a stack gets none of this place', () => {
    const bare = new TypeError('bare')
    delete bare.stack
    expect(stored(bare)).toEqual({ name: 'TypeError', message: 'bare' })
    expect(decoded(bare).stack).toBe('TypeError: bare')
  })

  test('an error that cannot be read is stored as such', () => {
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
    revoke()
    expect(stored(proxy)).toEqual({ name: 'Error', message: 'what was thrown cannot be read' })
  })

  test('a message that is no text becomes text', () => {
    expect(stored(Object.defineProperty(new Error(), 'message', { value: 5 })).message).toBe('5')
  })
})

function circular(): object {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}
