import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyText, holds, jsonValue, path } from '../testing/arbitraries'
import { SerializationError } from './errors'
import { decodeJson, encodeGiven, encodeJson, encodePayload, given, readPath, utf8Length } from './json'

const LIMIT = 1_000_000
const WHAT = 'result of activity charge:1'

function refusal(value: unknown, limit = LIMIT): SerializationError {
  try {
    encodeJson(value, WHAT, limit)
  } catch (error) {
    if (error instanceof SerializationError) return error
    throw error
  }
  throw new Error('it was encoded')
}

/** A value with this one at the end of a path, and the path as the error names it. */
const buried = (leaf: unknown) =>
  fc.array(fc.oneof(fc.stringMatching(/^[a-z]{1,4}$/), fc.nat(3)), { maxLength: 5 }).map((steps) => ({
    value: steps.reduceRight<unknown>(
      (inner, step) => (typeof step === 'number' ? [...new Array(step).fill(0), inner] : { before: 1, [step]: inner }),
      leaf,
    ),
    path: `$${steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}`,
  }))

describe('encoding', () => {
  test('and decoding gives back every JSON value', () => {
    holds([jsonValue], (value) => {
      expect(decodeJson(encodeJson(value, WHAT, LIMIT))).toEqual(value)
    })
  })

  test('keeps the order of members', () => {
    holds([fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/))], (keys) => {
      const value = Object.fromEntries(keys.map((key, index) => [key, index]))
      expect(Object.keys(decodeJson(encodeJson(value, WHAT, LIMIT)) as object)).toEqual(keys)
    })
  })

  test('of what was decoded is the same text', () => {
    holds([jsonValue], (value) => {
      const text = encodeJson(value, WHAT, LIMIT)
      expect(encodeJson(decodeJson(text), WHAT, LIMIT)).toBe(text)
    })
  })

  test.each([
    [undefined, 'null'],
    [null, 'null'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ a: undefined, b: () => 1, c: 1 }, '{"c":1}'],
    [[undefined, Number.NaN], '[null,null]'],
    ['\u0000\ud800', '"\\u0000\\ud800"'],
  ])('of %s is %s', (value, text) => {
    expect(encodeJson(value, WHAT, LIMIT)).toBe(text)
  })

  test.each([
    [() => 1, 'a function has no JSON form'],
    [Symbol('s'), 'a symbol has no JSON form'],
    [{ toJSON: () => undefined }, 'object has no JSON form'],
  ])('of %s is refused at $', (value, reason) => {
    expect(refusal(value)).toMatchObject({ path: '$', message: `Cannot store ${WHAT} at $: ${reason}` })
  })

  test('names the path of a BigInt', () => {
    holds([buried(5n)], ({ value, path: at }) => {
      expect(refusal(value)).toMatchObject({
        code: 'SERIALIZATION',
        path: at,
        message: `Cannot store ${WHAT} at ${at}: a BigInt has no JSON form; convert it to a string`,
      })
    })
  })

  test('names the path of a circular reference', () => {
    holds([fc.array(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 5 })], (steps) => {
      const root: Record<string, unknown> = { fine: [1, { twice: 1 }] }
      const last = steps.slice(0, -1).reduce<Record<string, unknown>>((inner, step) => {
        const next: Record<string, unknown> = {}
        inner[step] = next
        return next
      }, root)
      last[steps.at(-1) as string] = root
      expect(refusal(root)).toMatchObject({
        path: `$.${steps.join('.')}`,
        message: expect.stringContaining('circular'),
      })
    })
  })

  test('names the path of a member that cannot be read or encoded', () => {
    const thrower = {
      get broken(): never {
        throw new Error('no access')
      },
    }
    const refuser = {
      toJSON(): never {
        throw 'not me'
      },
    }
    holds([buried(thrower), buried(refuser)], (getter, method) => {
      expect(refusal(getter.value)).toMatchObject({
        path: `${getter.path}.broken`,
        message: expect.stringContaining('no access'),
      })
      expect(refusal(method.value)).toMatchObject({ path: method.path, message: expect.stringContaining('not me') })
    })
  })

  test('looks through toJSON, once', () => {
    const itself = { toJSON: () => itself, amount: 1n }
    expect(refusal({ a: { toJSON: () => ({ b: [1n] }) } }).path).toBe('$.a.b[0]')
    expect(refusal({ a: itself }).path).toBe('$.a.amount')
    expect(refusal({ toJSON: 'a plain member', b: 1n }).path).toBe('$.b')
  })

  test('does not take the same object twice for a circle', () => {
    const shared = { a: 1 }
    expect(encodeJson([shared, shared], WHAT, LIMIT)).toBe('[{"a":1},{"a":1}]')
    expect(refusal([shared, shared, 1n]).path).toBe('$[2]')
  })

  test('of a value nested too deep for the stack says so', () => {
    let deep: unknown = null
    for (let i = 0; i < 200_000; i++) deep = [deep]
    expect(refusal(deep).message).toContain('nested deeper than 500 levels')
  })

  test('says what went wrong where no member is to blame', () => {
    let calls = 0
    const moody = {
      toJSON() {
        if (calls++ === 0) throw new Error('in a mood')
        return 1
      },
    }
    expect(refusal(moody)).toMatchObject({ path: '$', message: expect.stringContaining('in a mood') })
  })
})

describe('the size of a payload', () => {
  test('is refused above the limit, with both figures, and accepted at it', () => {
    holds([fc.string({ unit: 'binary', minLength: 1 })], (text) => {
      const bytes = Buffer.byteLength(JSON.stringify(text))
      expect(encodeJson(text, WHAT, bytes)).toBe(JSON.stringify(text))
      expect(refusal(text, bytes - 1)).toMatchObject({ path: '$', bytes, limit: bytes - 1 })
      expect(refusal(text, bytes - 1).message).toContain(`${bytes} bytes, the limit maxPayloadBytes is ${bytes - 1}`)
    })
  })

  test('is that of UTF-8, also of text that is none', () => {
    holds([anyText], (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text))
    })
  })

  test.each([
    ['', 0],
    ['\u007f\u0080', 3],
    ['\u07ff\u0800', 5],
    ['\ud800\udc00', 4],
    ['\udbff\udfff', 4],
    ['\udc00\udc00', 6],
    ['\ud800\ud800', 6],
    ['\ud800\ue000', 6],
    ['\ud7ff\udc00', 6],
    ['\ud800', 3],
  ])('of %j is that of its code points: %d', (text, bytes) => {
    expect(utf8Length(text)).toBe(bytes)
  })

  test('bounds bytes as they are', () => {
    holds([fc.uint8Array({ minLength: 1, maxLength: 50 })], (bytes) => {
      expect(encodePayload(bytes, WHAT, bytes.length)).toEqual({ data: null, binary: bytes })
      expect(() => encodePayload(bytes, WHAT, bytes.length - 1)).toThrow(
        expect.objectContaining({ path: '$', bytes: bytes.length, limit: bytes.length - 1 }),
      )
    })
  })
})

describe('what is given', () => {
  test('is stored as it was when it was given', () => {
    holds([jsonValue, jsonValue], (value, later) => {
      const box = { value }
      const taken = given(box)
      box.value = later
      expect(encodeGiven(taken, WHAT, LIMIT)).toBe(encodeJson({ value }, WHAT, LIMIT))
    })
  })

  test.each([
    [undefined, 'null'],
    [null, 'null'],
    [0, '0'],
  ])('%s is stored as %s', (value, text) => {
    expect(encodeGiven(given(value), WHAT, LIMIT)).toBe(text)
  })

  test('is refused by whoever stores it, where it has no JSON form or is too large', () => {
    expect(() => encodeGiven(given({ a: 1n }), WHAT, LIMIT)).toThrow(expect.objectContaining({ path: '$.a' }))
    expect(() =>
      encodeGiven(
        given(() => 1),
        WHAT,
        LIMIT,
      ),
    ).toThrow(SerializationError)
    expect(() => encodeGiven(given('abc'), WHAT, 4)).toThrow(expect.objectContaining({ bytes: 5, limit: 4 }))
  })

  test('may be a payload of JSON', () => {
    holds([jsonValue], (value) => {
      expect(encodePayload(value, WHAT, LIMIT)).toEqual({ data: encodeJson(value, WHAT, LIMIT), binary: null })
    })
  })
})

describe('reading a path', () => {
  test('finds what was put there', () => {
    holds([path, jsonValue], (at, value) => {
      const root = at.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
      fc.pre(!at.split('.').includes('__proto__'))
      expect(readPath(root, at)).toEqual(value)
    })
  })

  test('finds own members only', () => {
    holds([jsonValue, fc.constantFrom('__proto__', 'constructor', 'toString', 'a.__proto__.b')], (value, at) => {
      expect(readPath(value, at)).toBeUndefined()
      expect(readPath({ a: value }, at)).toBeUndefined()
    })
  })

  test.each([
    [{ a: [{ b: 7 }] }, 'a.0.b', 7],
    [null, 'a', undefined],
    ['text', 'length', undefined],
    [{ a: null }, 'a.b', undefined],
    [{ a: null }, 'a', null],
  ])('of %j at %s is %s', (value, at, found) => {
    expect(readPath(value, at)).toBe(found)
  })
})
