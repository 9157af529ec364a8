import { describe, expect, it } from 'vitest'
import { type Folding, jsonRows, PAGE, searchJson, unfoldTo } from './json-rows'

const open: Folding = { toggled: new Set(), openDepth: 9, pages: new Map() }
const lines = (value: unknown, folding = open) =>
  jsonRows(value, folding).map(
    (row) => `${'  '.repeat(row.depth)}${row.key ?? ''}:${row.kind}${row.count ? `×${row.count}` : ''}`,
  )

describe('jsonRows', () => {
  it('walks objects and arrays in document order', () => {
    expect(lines({ a: 1, b: [true, {}] })).toEqual([
      ':open×2',
      '  a:leaf',
      '  b:open×2',
      '    :leaf',
      '    :leaf',
      '  :end',
      ':end',
    ])
  })

  it('folds what lies deeper than asked, and what the person folded', () => {
    expect(lines({ a: { b: { c: 1 } } }, { ...open, openDepth: 1 })).toEqual([':open×1', '  a:closed×1', ':end'])
    expect(lines({ a: { b: 1 } }, { ...open, toggled: new Set(['/a']) })).toEqual([':open×1', '  a:closed×1', ':end'])
  })

  it('gives large containers out in pages', () => {
    const rows = jsonRows(
      Array.from({ length: PAGE + 5 }, (_, i) => i),
      open,
    )
    expect(rows).toHaveLength(PAGE + 3)
    expect(rows.at(-2)).toMatchObject({ kind: 'more', count: 5 })
  })

  it('keeps keys with slashes and tildes apart', () => {
    const rows = jsonRows({ 'a/b': 1, a: { b: 2 }, '~': 3 }, open)
    expect(new Set(rows.map((row) => row.path)).size).toBe(rows.length)
  })
})

describe('searchJson', () => {
  it('finds keys and leaves, folded or not, and can unfold to them', () => {
    const value = { order: { items: [{ sku: 'BOOK-1' }, { sku: 'PEN' }] } }
    const [path] = searchJson(value, 'pen')
    expect(path).toBe('/order/items/1/sku')
    const folded: Folding = { ...open, openDepth: 1 }
    expect(jsonRows(value, folded).some((row) => row.path === path)).toBe(false)
    expect(jsonRows(value, unfoldTo(value, path ?? '', folded)).some((row) => row.path === path)).toBe(true)
  })

  it('unfolds to a member beyond the first page', () => {
    const value = Array.from({ length: 1_000 }, (_, i) => `item ${i}`)
    const folding = unfoldTo(value, '/777', open)
    expect(jsonRows(value, folding).some((row) => row.path === '/777')).toBe(true)
  })
})
