// How many tests passed, failed and were skipped, from the runners' own JSON reports. No report at all is a failure.

const NOTHING = { passed: 0, failed: 1, skipped: 0 }

export function countVitest(report) {
  if (!report) return { ...NOTHING }
  // a file that could not be loaded holds no test that could fail
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

export function countPlaywright(report) {
  if (!report) return { ...NOTHING }
  const { expected, unexpected, flaky, skipped } = report.stats
  return { passed: expected, failed: unexpected + flaky + report.errors.length, skipped }
}
