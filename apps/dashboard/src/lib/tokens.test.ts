import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = path.resolve(import.meta.dirname, '..')
const PALETTE =
  /\b(?:bg|text|border|fill|stroke|ring|outline|accent|from|to|via|divide|shadow|caret|decoration)-(?:slate|gray|zinc|neutral|stone|red|orange|amber|yellow|lime|green|emerald|teal|cyan|sky|blue|indigo|violet|purple|fuchsia|pink|rose)-\d{2,3}\b|\b(?:bg|text|border|fill|stroke)-(?:white|black)\b/
const RAW = /(?:["'[(]#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|oklab)a?\()/i

function sources(): readonly string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name),
  )
}
function linesThat(matches: RegExp): readonly string[] {
  return sources().flatMap((name) =>
    readFileSync(path.join(SRC, name), 'utf8')
      .split('\n')
      .flatMap((line, index) => (matches.test(line) ? [`${name}:${index + 1} ${line.trim()}`] : [])),
  )
}

describe('colours', () => {
  it('come from the tokens: no class names a colour of a palette', () => {
    expect(linesThat(PALETTE)).toEqual([])
  })

  it('are written in globals.css only', () => {
    expect(linesThat(RAW)).toEqual([])
  })

  it('have both themes wherever a token is given a value of its own', () => {
    const css = readFileSync(path.join(SRC, 'app/globals.css'), 'utf8')
    const root = /:root \{([^}]*)\}/.exec(css)?.[1] ?? ''
    const values = [...root.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => ({
      name,
      value: value ?? '',
    }))
    expect(values.length).toBeGreaterThan(20)
    expect(values.filter(({ value }) => !value.startsWith('light-dark(') && !value.startsWith('var('))).toEqual([])
  })
})
