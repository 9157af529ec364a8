// `npm test`: installs what is missing, runs every stage, and ends with a table, what was not tested and why, and the line
// `N passed, N failed`. A failed gate counts as one. Nothing is tried twice.
//
//   npm test                                  everything
//   npm test -- --only lint,unit              single stages (the names in the table)
//   npm test -- --only unit src/replay        further words are handed to the suites as filters
//   EDDA_REQUIRE_SERVICES=1 npm test          a missing database server or browser is a failure
import './lib/node-version.mjs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { seconds } from './lib/command.mjs'
import { installDependencies } from './lib/install.mjs'
import { printSummary } from './test/summary.mjs'

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true })
const required = process.env.EDDA_REQUIRE_SERVICES === '1'
const reportDir = mkdtempSync(path.join(tmpdir(), 'edda-report-'))
/** @type {(() => Promise<void>)[]} */
const cleanups = [async () => rmSync(reportDir, { recursive: true, force: true })]
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)))
}

try {
  process.exitCode = await main()
} finally {
  await cleanUp()
}

async function main() {
  await installDependencies()
  // these need what was just installed
  const [{ stages }, { prepareServices }, { prepareBrowser }] = await Promise.all([
    import('./test/stages.mjs'),
    import('./test/services.mjs'),
    import('./test/browser.mjs'),
  ])
  const chosen = chooseStages(stages)
  const wantsServices = chosen.some(({ name }) => name === 'unit' || name === 'drift')
  const services = wantsServices ? await prepareServices({ required }) : []
  for (const { stop } of services) if (stop) cleanups.unshift(stop)
  const env = Object.fromEntries(services.map((service) => [service.env, service.missing ? '' : service.url]))

  const results = []
  const untested = services
    .filter(({ missing }) => missing)
    .map(({ name, env, missing }) => `${name} (${env}: ${missing})`)
  for (const stage of chosen) {
    const missing = stage.needs === 'browser' ? await prepareBrowser() : undefined
    if (missing) untested.push(`${stage.name} (${missing})`)
    else results.push(await runStage(stage, { reportDir, env, filters: positionals }))
  }
  return printSummary({ results, services, untested, required })
}

function chooseStages(stages) {
  const names = values.only?.split(',')
  const unknown = names?.filter((name) => !stages.some((stage) => stage.name === name)) ?? []
  if (unknown.length > 0) {
    console.error(`No such stage: ${unknown.join(', ')}. There are: ${stages.map(({ name }) => name).join(', ')}`)
    process.exit(2)
  }
  return names ? stages.filter(({ name }) => names.includes(name)) : stages
}

async function runStage(stage, context) {
  const startedAt = performance.now()
  console.log(`\n▸ ${stage.name}: ${stage.title}`)
  const counts = await stage.run(context).catch((error) => {
    console.log(error.output?.trim() || error.stack)
    return { passed: 0, failed: 1, skipped: 0 }
  })
  const duration = seconds(performance.now() - startedAt)
  const failed = (counts?.failed ?? 0) > 0
  console.log(`${failed ? '✗' : '✓'} ${stage.name}, ${duration}`)
  return { name: stage.name, counts, failed, duration }
}

async function cleanUp() {
  for (const cleanup of cleanups.splice(0)) await cleanup()
}
