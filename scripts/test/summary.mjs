// The end of `npm test`: one row a stage, what stood behind it, what was left out, and the sum as the very last line.

/** @returns {number} the exit code */
export function printSummary({ results, services, untested, required }) {
  const rows = results.map(({ name, failed, counts, duration }) => [
    `${failed ? '✗' : '✓'} ${name}`,
    counts ? describe(counts) : 'ok',
    duration,
  ])
  console.log(`\n${table(rows)}\n`)

  const used = services.filter(({ missing }) => !missing).map(({ version }) => version)
  if (services.length > 0) console.log(`databases: ${['SQLite', ...used].join(', ')}`)
  for (const what of untested) console.log(`not tested: ${what}`)

  const sum = (key) => results.reduce((total, { counts }) => total + (counts?.[key] ?? 0), 0)
  const failed = sum('failed') + (required ? untested.length : 0)
  console.log(`${sum('passed')} passed, ${failed} failed`)
  return failed > 0 ? 1 : 0
}

function describe({ passed, failed, skipped }) {
  if (passed + skipped === 0) return 'failed'
  const parts = [`${passed} passed`]
  if (failed > 0) parts.push(`${failed} failed`)
  if (skipped > 0) parts.push(`${skipped} skipped`)
  return parts.join(', ')
}

function table(rows) {
  const width = (column) => Math.max(...rows.map((row) => row[column].length), 0)
  const [first, second, third] = [width(0), width(1), width(2)]
  return rows.map(([a, b, c]) => `${a.padEnd(first)}   ${b.padEnd(second)}   ${c.padStart(third)}`.trimEnd()).join('\n')
}
