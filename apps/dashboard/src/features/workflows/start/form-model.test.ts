import { describe, expect, it } from 'vitest'
import { asSchema, buildField, checkValue, chosenOption, getAt, initialValue, setAt } from './form-model'

const schema = {
  type: 'object',
  required: ['orderId', 'customer', 'payment'],
  properties: {
    orderId: { type: 'string', minLength: 1 },
    express: { type: 'boolean', default: true },
    note: { type: ['string', 'null'] },
    customer: { $ref: '#/$defs/Customer' },
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['sku'],
        properties: { sku: { type: 'string' }, n: { type: 'integer', default: 1 } },
      },
    },
    payment: {
      anyOf: [
        {
          type: 'object',
          required: ['kind', 'last4'],
          properties: { kind: { const: 'card' }, last4: { type: 'string', pattern: '^\\d{4}$' } },
        },
        {
          type: 'object',
          required: ['kind'],
          properties: { kind: { const: 'invoice' }, days: { type: 'integer', default: 14 } },
        },
      ],
    },
  },
  $defs: {
    Customer: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string' }, boss: { $ref: '#/$defs/Customer' } },
    },
  },
}
const field = (part: unknown) => buildField(asSchema(part), schema, 'x', false)

describe('form model', () => {
  it('starts with defaults, constants and what is required', () => {
    expect(initialValue(schema, schema)).toEqual({
      orderId: '',
      express: true,
      customer: { name: '' },
      payment: { kind: 'card', last4: '' },
    })
  })

  it('knows each kind of field', () => {
    const { properties } = schema
    expect(field(properties.orderId).kind).toBe('string')
    expect(field(properties.note)).toMatchObject({ kind: 'union', options: [{ label: 'string' }, { label: 'null' }] })
    expect(field(properties.customer)).toMatchObject({
      kind: 'object',
      members: [
        { name: 'name', required: true },
        { name: 'boss', required: false },
      ],
    })
    expect(field(properties.items)).toMatchObject({ kind: 'array', least: 1 })
    expect(field(properties.payment)).toMatchObject({
      kind: 'union',
      options: [{ label: 'card' }, { label: 'invoice' }],
    })
    expect(field({ enum: ['a', 1, null] })).toMatchObject({ kind: 'enum', options: ['a', 1, null] })
    expect(field({}).kind).toBe('json')
    expect(
      field({
        allOf: [
          { type: 'object', properties: { a: {} } },
          { properties: { b: {} }, required: ['b'] },
        ],
      }),
    ).toMatchObject({ kind: 'object', members: [{ name: 'a' }, { name: 'b', required: true }] })
  })

  it('recognises which member of a union a value is', () => {
    const { anyOf } = schema.properties.payment
    const options = anyOf.map((option) => ({ schema: asSchema(option) }))
    expect(chosenOption(options, { kind: 'invoice' }, schema)).toBe(1)
    expect(chosenOption(options, { kind: 'card', last4: '12' }, schema)).toBe(0)
  })

  it('says what is wrong, at the field', () => {
    const value = { orderId: '', customer: {}, items: [{ n: 1.5 }], payment: { kind: 'card', last4: '12' } }
    expect(checkValue(schema, value, schema).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'orderId: Required',
      'customer.name: Required',
      'items.0.sku: Required',
      'items.0.n: Must be a whole number',
      'payment.last4: Must match ^\\d{4}$',
    ])
  })

  it('sets and removes members without touching what was given, nor a prototype', () => {
    const value = { a: { b: [1, 2, 3] } }
    expect(setAt(value, ['a', 'b', 1], undefined)).toEqual({ a: { b: [1, 3] } })
    expect(setAt(value, ['a', 'c'], 'x')).toEqual({ a: { b: [1, 2, 3], c: 'x' } })
    expect(value).toEqual({ a: { b: [1, 2, 3] } })
    setAt({}, ['__proto__', 'polluted'], true)
    expect(getAt({}, ['polluted'])).toBeUndefined()
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('survives a schema that refers to itself', () => {
    const loop = { $ref: '#' }
    expect(buildField(loop, loop, 'x', true).kind).toBe('json')
    expect(checkValue(loop, 1, loop)).toEqual([])
  })
})
