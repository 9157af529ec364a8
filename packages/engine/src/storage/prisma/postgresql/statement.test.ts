import { expect, test } from 'vitest'
import { numbered, Statements } from './statement'

test('placeholders are numbered, those inside quotes are text', () => {
  expect(numbered(`SELECT '?', 'it''s ?', "a?" FROM t WHERE a = ? AND b LIKE '%?%' AND c IN (?, ?)`)).toBe(
    `SELECT '?', 'it''s ?', "a?" FROM t WHERE a = $1 AND b LIKE '%?%' AND c IN ($2, $3)`,
  )
})

test('a statement gets a name once it comes again and again, and keeps it', () => {
  const statements = new Statements(true)
  const names = Array.from({ length: 5 }, () => statements.get('SELECT ?').name)
  expect(names).toEqual([undefined, undefined, 'edda_1', 'edda_1', 'edda_1'])
  expect(new Statements(false).get('SELECT ?').name).toBeUndefined()
})

test('texts that vary with their data never take all names', () => {
  const statements = new Statements(true)
  const names = new Set<string | undefined>()
  for (let index = 0; index < 2_000; index++)
    for (let use = 0; use < 3; use++) names.add(statements.get(`SELECT ${index}`).name)
  expect(names.size).toBe(301)
})
