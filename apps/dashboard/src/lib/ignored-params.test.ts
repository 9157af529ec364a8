import { parseAsInteger, parseAsNativeArrayOf, parseAsString, parseAsStringLiteral } from 'nuqs'
import { describe, expect, it } from 'vitest'
import { ignoredParams } from './ignored-params'

const parsers = {
  tab: parseAsStringLiteral(['a', 'b']).withDefault('a'),
  at: parseAsInteger,
  name: parseAsString,
  list: parseAsNativeArrayOf(parseAsInteger),
}
const ignored = (query: string) => ignoredParams(new URLSearchParams(query), parsers)

describe('what of the address is not understood', () => {
  it('is named, and the rest is used', () => {
    expect(ignored('tab=x&at=12&name=ok')).toEqual(['tab=x'])
    expect(ignored('at=twelve&list=1&list=y')).toEqual(['at=twelve', 'list=1,y'])
  })

  it('leaves alone what is absent or belongs to somebody else', () => {
    expect(ignored('utm=1')).toEqual([])
  })
})
