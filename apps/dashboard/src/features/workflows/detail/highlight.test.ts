import { describe, expect, it } from 'vitest'
import { tokenize } from './highlight'

describe('highlighting', () => {
  it('colours words, strings, numbers, calls and comments', () => {
    expect(tokenize("  await ctx.sleep('1d') // 24").filter(({ text }) => text.trim())).toEqual([
      { kind: 'keyword', text: 'await' },
      { kind: 'plain', text: 'ctx' },
      { kind: 'plain', text: '.' },
      { kind: 'call', text: 'sleep' },
      { kind: 'plain', text: '(' },
      { kind: 'string', text: "'1d'" },
      { kind: 'plain', text: ') ' },
      { kind: 'comment', text: '// 24' },
    ])
  })

  it('loses no character', () => {
    for (const line of [
      '',
      'x',
      '`$' + '{a}` + "b',
      "const s = 'it\\'s' /* c */ ?? 1_000.5",
      '<script>alert(1)</script>',
    ]) {
      expect(
        tokenize(line)
          .map(({ text }) => text)
          .join(''),
      ).toBe(line)
    }
  })
})
