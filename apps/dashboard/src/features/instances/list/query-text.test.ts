import { describe, expect, it } from 'vitest'
import { chipsOf, type InstanceFilters, NO_FILTERS, toQuery } from './filters'
import { formatQueryText, parseQueryText, parseScalar } from './query-text'

const filters = (partial: Partial<InstanceFilters>): InstanceFilters => ({ ...NO_FILTERS, ...partial })

describe('query text', () => {
  it.each<[string, Partial<InstanceFilters>]>([
    ['', {}],
    ['ord-1', { id: 'ord-1' }],
    ['status:failed,suspended workflow:order', { status: ['failed', 'suspended'], workflow: 'order' }],
    [
      'input.order.id="A 1" input.cents=1200 input.gift=true input.note=null',
      { input: { 'order.id': 'A 1', cents: 1200, gift: true, note: null } },
    ],
    ['input.zip="0123" input.plain=A-100', { input: { zip: '0123', plain: 'A-100' } }],
    ['tag.customer:acme tag."two words":"a b"', { tags: { customer: 'acme', 'two words': 'a b' } }],
    ['error:"not paid in time" attention:retrying', { error: 'not paid in time', attention: 'retrying' }],
    [
      'after:2026-11-01 before:2026-11-02T10:00:00Z',
      { after: new Date('2026-11-01T00:00:00Z'), before: new Date('2026-11-02T10:00:00Z') },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseQueryText(text)).toEqual({ filters: filters(expected), problems: [] })
  })

  it.each([
    ['status:lost', 'status:lost is no status'],
    ['input.__proto__.x=1 ', null],
    ['input.1x=1', '1x is no path into the input'],
    ['after:yesterday', 'after:yesterday is no date'],
    ['colour:red', 'colour is nothing to filter by'],
  ])('says what it did not understand in %s', (text, problem) => {
    expect(parseQueryText(text).problems).toEqual(problem ? [problem] : [])
  })

  it('writes what it reads', () => {
    const all = filters({
      status: ['failed', 'waiting_for_event'],
      attention: 'compensation-failed',
      workflow: 'order workflow',
      id: 'a:b',
      error: 'said "no"',
      after: new Date('2026-11-01T00:00:00.000Z'),
      tags: { customer: 'acme', 'two words': 'x' },
      input: { 'order.id': '12', cents: 12, flag: false, nothing: null, text: 'true', spaced: 'a b' },
    })
    expect(parseQueryText(formatQueryText(all))).toEqual({ filters: all, problems: [] })
  })

  it('keeps numbers that would change when read as such as text', () => {
    expect([parseScalar('0123'), parseScalar('1e999'), parseScalar('-1.5'), parseScalar('12', true)]).toEqual([
      '0123',
      '1e999',
      -1.5,
      '12',
    ])
  })
})

describe('chips', () => {
  it('take away exactly their own condition', () => {
    const all = filters({ status: ['failed', 'running'], tags: { a: '1' }, input: { x: 1, y: 2 } })
    const chips = chipsOf(all)
    expect(chips.map((chip) => `${chip.label}=${chip.value}`)).toEqual([
      'status=failed',
      'status=running',
      'tag.a=1',
      'input.x=1',
      'input.y=2',
    ])
    expect(chips[0]?.without.status).toEqual(['running'])
    expect(chips[3]?.without.input).toEqual({ y: 2 })
  })

  it('ask the API only for what is set', () => {
    expect(toQuery(NO_FILTERS)).toEqual({})
    expect(toQuery(filters({ status: ['failed'], workflow: 'order', input: { a: null } }))).toEqual({
      status: ['failed'],
      workflowName: 'order',
      inputFilters: { a: null },
    })
  })
})
