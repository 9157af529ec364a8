// What `npm test` proves, in this order. A gate says nothing while it holds and prints what it found when it does not;
// a suite counts its tests. `needs` names what must be there first.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { build } from '../build.mjs'
import { generate } from '../generate.mjs'
import { run, runTool } from '../lib/command.mjs'
import { countPlaywright, countVitest } from './counts.mjs'

/**
 * @typedef {{ reportDir: string, env: NodeJS.ProcessEnv, filters: readonly string[] }} StageContext
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ name: string, title: string, needs?: 'browser', run(context: StageContext): Promise<Counts | void> }} Stage
 */

/** @type {Stage[]} */
export const stages = [
  {
    name: 'drift',
    title: 'schemas and migrations agree with the models',
    // before anything is generated, which would write the schemas anew
    run: ({ env }) => node(['scripts/prisma/drift.mjs'], env),
  },
  { name: 'generate', title: 'Prisma clients and embedded migrations', run: async () => void (await generate()) },
  {
    name: 'lint',
    title: 'format, lint, purity, length of files',
    run: () => gate('@biomejs/biome/bin/biome', ['check', '--error-on-warnings']),
  },
  {
    name: 'floors',
    title: 'who may import whom',
    run: () =>
      gate('dependency-cruiser/bin/dependency-cruise.mjs', ['packages', 'apps', '--config', '.dependency-cruiser.mjs']),
  },
  { name: 'lock', title: 'the lock file fits every platform', run: () => node(['scripts/lockcheck.mjs']) },
  {
    name: 'types',
    title: 'TypeScript',
    run: async () => {
      await gate('turbo/bin/turbo', ['run', 'typecheck', '--output-logs=errors-only', '--continue'])
      await gate('typescript/bin/tsc', ['--noEmit'])
    },
  },
  { name: 'unit', title: 'unit, property, contract, behaviour', run: runVitest },
  { name: 'build', title: 'packages and apps', run: () => build() },
  {
    name: 'exports',
    title: 'what the package offers',
    run: () => gate('publint/src/cli.js', ['packages/engine', '--strict']),
  },
  { name: 'browser', title: 'journeys in Chromium', needs: 'browser', run: runPlaywright },
]

async function node(args, env) {
  await run(process.execPath, args, { env })
}

async function gate(tool, args) {
  await runTool(tool, args)
}

/** A suite prints as it goes and leaves a report; the report counts, and a failure it does not show counts as one. */
async function suite(tool, args, report, env, count) {
  const error = await runTool(tool, args, { env, show: true }).then(
    () => undefined,
    (failure) => failure,
  )
  const counts = count(readReport(report))
  if (error && counts.failed === 0) counts.failed = 1
  return counts
}

function runVitest({ reportDir, env, filters }) {
  const report = path.join(reportDir, 'vitest.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return suite('vitest/vitest.mjs', ['run', ...reporters, ...filters], report, env, countVitest)
}

function runPlaywright({ reportDir, env, filters }) {
  const report = path.join(reportDir, 'playwright.json')
  // NO_COLOR: Playwright forces colour on its servers, and Node warns about having both
  const reportEnv = { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report, EDDA_E2E_DIR: reportDir, NO_COLOR: undefined }
  return suite(
    '@playwright/test/cli.js',
    ['test', '--reporter=list,json', ...filters],
    report,
    reportEnv,
    countPlaywright,
  )
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
