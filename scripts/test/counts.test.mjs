import { expect, test } from 'vitest'
import { countPlaywright, countVitest } from './counts.mjs'

const file = (status, tests) => ({ status, assertionResults: Array.from({ length: tests }, () => ({})) })

test('a test file that could not be loaded is a failure', () => {
  const testResults = [file('passed', 3), file('failed', 0), file('failed', 2)]
  const report = { testResults, numPassedTests: 4, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 }
  expect(countVitest(report)).toEqual({ passed: 4, failed: 2, skipped: 2 })
})

test('a browser test that passed only later, and an error outside tests, are failures', () => {
  const report = { stats: { expected: 5, unexpected: 1, flaky: 1, skipped: 2 }, errors: [{}] }
  expect(countPlaywright(report)).toEqual({ passed: 5, failed: 3, skipped: 2 })
})

test('no report is a failure', () => {
  expect([countVitest(undefined), countPlaywright(undefined)]).toEqual([
    { passed: 0, failed: 1, skipped: 0 },
    { passed: 0, failed: 1, skipped: 0 },
  ])
})
