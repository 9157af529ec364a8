import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { holds, jsonValue } from '../testing/arbitraries'
import { ValidationError } from './errors'
import { type Schema, validate } from './schema'

const LIBRARIES: readonly [string, Schema<unknown, { id: string; lines: { n: number }[] }>][] = [
  ['zod', z.object({ id: z.string(), lines: z.array(z.object({ n: z.number() })) })],
  ['valibot', v.object({ id: v.string(), lines: v.array(v.object({ n: v.number() })) })],
  ['arktype', type({ id: 'string', lines: type({ n: 'number' }).array() })],
]

function refusal(schema: Schema<unknown, unknown>, value: unknown): ValidationError {
  try {
    void validate(schema, value, 'input of workflow order')
  } catch (error) {
    if (error instanceof ValidationError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe.each(LIBRARIES)('a schema of %s', (_, schema) => {
  test('accepts at once what fits, without a promise', () => {
    holds([fc.string(), fc.array(fc.integer())], (id, numbers) => {
      const value = { id, lines: numbers.map((n) => ({ n })) }
      expect(validate(schema, value, 'input')).toEqual(value)
    })
  })

  test('names each offending path', () => {
    const error = refusal(schema, { id: 5, lines: [{ n: 1 }, { n: 'x' }] })
    expect(error.issues.map((issue) => issue.path)).toEqual(['id', 'lines.1.n'])
    expect(error.code).toBe('VALIDATION')
    expect(error.message).toMatch(/^Invalid input of workflow order: id: .+; lines\.1\.n: /)
  })

  test('names no path where the whole value is wrong', () => {
    const [issue] = refusal(schema, 'text').issues
    expect(issue?.path).toBe('')
    expect(refusal(schema, 'text').message).not.toContain(': : ')
  })
})

test('a schema may change the value', () => {
  expect(validate(z.string().transform(Number), '5', 'input')).toBe(5)
  expect(validate(z.object({ n: z.number().default(7) }), {}, 'input')).toEqual({ n: 7 })
})

test('a schema may take its time', async () => {
  const slow = z.string().refine(async (text) => text === 'yes', 'say yes')
  await expect(validate(slow, 'yes', 'answer')).resolves.toBe('yes')
  await expect(validate(slow, 'no', 'answer')).rejects.toMatchObject({ message: 'Invalid answer: say yes' })
})

test('path segments may be keys or objects with a key', () => {
  const pointing = (path: readonly unknown[]): Schema =>
    ({
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no', path }] }) },
    }) as unknown as Schema
  holds([fc.array(fc.oneof(fc.string(), fc.nat()))], (keys) => {
    const mixed = keys.map((key, index) => (index % 2 === 0 ? key : { key }))
    expect(refusal(pointing(mixed), 1).issues).toEqual([{ path: keys.join('.'), message: 'no' }])
  })
})

test('what a schema accepts as it is comes back as it is', () => {
  holds([jsonValue], (value) => expect(validate(z.unknown(), value, 'input')).toBe(value))
})
