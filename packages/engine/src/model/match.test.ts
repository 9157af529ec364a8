import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holds, jsonValue, path, scalar, where } from '../testing/arbitraries'
import { InvalidFilterError } from './errors'
import { checkWhere, hash, isPath, keyOf, keyOfData, matches, shapeOf, type Where } from './match'

/** Data that holds what the condition asks for, beside other things; undefined where two of its paths exclude each other. */
function dataFor(condition: Where): Record<string, unknown> | undefined {
  const data: Record<string, unknown> = { beside: [1] }
  for (const [at, value] of Object.entries(condition)) {
    const names = at.split('.')
    let inner = data
    for (const name of names.slice(0, -1)) {
      if (!Object.hasOwn(inner, name)) inner[name] = {}
      const next = inner[name]
      if (typeof next !== 'object' || next === null || Array.isArray(next)) return undefined
      inner = next as Record<string, unknown>
    }
    const last = names.at(-1) as string
    if (Object.hasOwn(inner, last)) return undefined
    inner[last] = value
  }
  return JSON.parse(JSON.stringify(data)) as Record<string, unknown>
}

/** The same condition, its paths in another order. */
const reversed = (condition: Where): Where => Object.fromEntries(Object.entries(condition).reverse())
/** What stays of a condition that travels through JSON: `-0` becomes `0`. */
const stored = (condition: Where): Where => JSON.parse(JSON.stringify(condition)) as Where

describe('equal conditions have equal keys', () => {
  test('whatever the order of their paths', () => {
    holds([where], (condition) => {
      expect(keyOf(reversed(condition))).toBe(keyOf(condition))
      expect(shapeOf(reversed(condition))).toBe(shapeOf(condition))
    })
  })

  test('also after a round trip through the database', () => {
    holds([where], (condition) => expect(keyOf(stored(condition))).toBe(keyOf(condition)))
  })

  test('and different conditions different ones', () => {
    holds([where, where], (one, two) => {
      const same =
        JSON.stringify(Object.entries(stored(one)).sort()) === JSON.stringify(Object.entries(stored(two)).sort())
      expect(keyOf(one) === keyOf(two)).toBe(same)
    })
  })

  test('so that a changed value changes the key', () => {
    holds([where, path, scalar, scalar], (condition, at, value, other) => {
      fc.pre(JSON.stringify(value) !== JSON.stringify(other))
      expect(keyOf({ ...condition, [at]: value })).not.toBe(keyOf({ ...condition, [at]: other }))
    })
  })

  test('1 and "1", true and "true", null and "null" are different', () => {
    const keys = [1, '1', true, 'true', null, 'null', ''].map((value) => keyOf({ a: value }))
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('a message matches exactly when its data has the key of the condition', () => {
  test('for data made to match', () => {
    holds([where], (condition) => {
      const data = dataFor(condition)
      fc.pre(data !== undefined)
      expect(matches(stored(condition), data)).toBe(true)
      expect(keyOfData(shapeOf(condition), data)).toBe(keyOf(condition))
    })
  })

  test('for any data', () => {
    holds([where, jsonValue], (condition, data) => {
      expect(keyOfData(shapeOf(condition), data) === keyOf(condition)).toBe(matches(stored(condition), data))
    })
  })

  test('for data in which one value differs', () => {
    holds([where, fc.nat(), scalar], (condition, pick, other) => {
      const entries = Object.entries(condition)
      const [at, value] = entries[pick % Math.max(1, entries.length)] ?? []
      fc.pre(at !== undefined && JSON.stringify(value) !== JSON.stringify(other))
      const data = dataFor({ ...condition, [at as string]: other })
      fc.pre(data !== undefined)
      expect(matches(stored(condition), data)).toBe(false)
      expect(keyOfData(shapeOf(condition), data)).not.toBe(keyOf(condition))
    })
  })

  test.each<[string, Where | undefined, unknown, boolean]>([
    ['no condition', undefined, 5, true],
    ['the empty condition', {}, null, true],
    ['a nested value', { 'order.id': 'A1' }, { order: { id: 'A1' } }, true],
    ['another value', { 'order.id': 'A1' }, { order: { id: 'A2' } }, false],
    ['another type', { n: 1 }, { n: '1' }, false],
    ['null where it is missing', { gone: null }, {}, true],
    ['null where it is null', { gone: null }, { gone: null }, true],
    ['null where there is something', { gone: null }, { gone: 0 }, false],
    ['an object is no scalar', { a: '[object Object]' }, { a: {} }, false],
    ['inherited members are none', { toString: 'x' }, {}, false],
    ['no data at all', { a: 1 }, undefined, false],
  ])('%s', (_, condition, data, expected) => {
    expect(matches(condition, data)).toBe(expected)
    expect(keyOfData(shapeOf(condition), data) === keyOf(condition)).toBe(expected)
  })

  test('the empty condition has the empty shape and key', () => {
    expect([shapeOf(undefined), keyOf(undefined), shapeOf({}), keyOf({}), keyOfData('', { a: 1 })]).toEqual([
      '',
      '',
      '',
      '',
      '',
    ])
  })
})

describe('a condition', () => {
  test('of valid paths and scalars is accepted', () => {
    holds([where], (condition) => expect(() => checkWhere(condition)).not.toThrow())
  })

  test('with a path of another form is refused, naming it', () => {
    holds([fc.string()], (at) => {
      fc.pre(!isPath(at))
      expect(() => checkWhere({ [at]: 1 })).toThrow(InvalidFilterError)
      if (at !== '__proto__') expect(() => checkWhere({ [at]: 1 })).toThrow(`Invalid JSON path: ${at}`)
    })
  })

  test('with a value that equality cannot mean is refused, naming its path', () => {
    holds(
      [path, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, undefined, {}, [], 5n, Symbol('s'), () => 1)],
      (at, value) => {
        expect(() => checkWhere({ [at]: value } as unknown as Where)).toThrow(
          `where['${at}'] must be a string, a finite number, a boolean or null`,
        )
      },
    )
  })

  test('has at most ten paths', () => {
    const of = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`p${i}`, i]))
    expect(() => checkWhere(of(10))).not.toThrow()
    expect(() => checkWhere(of(11))).toThrow('at most 10 paths')
  })

  test.each([
    ['a', true],
    ['_a-b9.c', true],
    ['a.b.c.d.e.f.g.h', true],
    ['a.b.c.d.e.f.g.h.i', false],
    [`${'x'.repeat(64)}`, true],
    [`${'x'.repeat(65)}`, false],
    ['', false],
    ['a.', false],
    ['.a', false],
    ['9a', false],
    ['a b', false],
    ["a'", false],
    ['a\n', false],
  ])('path %j: %s', (at, expected) => {
    expect(isPath(at)).toBe(expected)
  })
})

describe('the hash', () => {
  test('is 22 characters of an alphabet that every index likes, and stable', () => {
    holds([fc.string()], (text) => expect(hash(text)).toMatch(/^[0-9a-z]{22}$/))
    // Stored keys depend on it: another value would be another algorithm.
    expect([hash(''), hash('order.id="A1"')]).toMatchInlineSnapshot(`
      [
        "1aggevgbi2j1247s7v64qa",
        "09qgy4ddrkm2d1q25nm5se",
      ]
    `)
  })

  test('of different texts differs', () => {
    holds([fc.string(), fc.string()], (one, two) => expect(hash(one) === hash(two)).toBe(one === two))
  })
})
