import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { defineConfig, devices } from '@playwright/test'
import { apiEnvironment, dashboardEnvironment, SCRIPTS } from './e2e/support/environment'
import { chromiumArguments, systemChromium } from './scripts/test/browser.mjs'

// Journeys through the built apps: `npm run build` first, then `npx playwright test`; `npm test` does both. Every run has
// servers and a SQLite file of its own. Nothing is retried: a journey that fails now and then has found something.
const apiPort = Number(process.env.E2E_API_PORT ?? 8071)
const dashboardPort = Number(process.env.E2E_PORT ?? 3071)
const apiUrl = `http://127.0.0.1:${apiPort}`
const dashboardUrl = `http://127.0.0.1:${dashboardPort}`

/** Playwright reads this file again in every worker: the folder is made once and handed down. */
function dataFolder(): string {
  const given = process.env.EDDA_E2E_DIR
  if (given) return given
  const made = mkdtempSync(path.join(tmpdir(), 'edda-e2e-'))
  process.env.EDDA_E2E_DIR = made
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  return made
}

// for tests that speak to the API directly
process.env.E2E_API_URL = apiUrl

const chromium = systemChromium()

export default defineConfig({
  testDir: './e2e',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // upper bounds for a machine that has other things to do; nothing waits for a time to pass
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL: dashboardUrl,
    // without the film, which costs as much as the test: the snapshots and the last picture tell enough
    trace: { mode: 'retain-on-failure', screenshots: false },
    screenshot: 'only-on-failure',
    timezoneId: 'UTC',
    contextOptions: { reducedMotion: 'reduce' },
  },
  projects: [
    {
      name: 'chromium',
      use: {
        ...devices['Desktop Chrome'],
        launchOptions: { args: chromiumArguments(), ...(chromium ? { executablePath: chromium } : {}) },
      },
    },
  ],
  webServer: [
    {
      name: 'api',
      command: `node ${SCRIPTS.api}`,
      env: apiEnvironment(apiPort, path.join(dataFolder(), 'e2e.db')),
      url: `${apiUrl}/health/ready`,
      timeout: 120_000,
      gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
    },
    {
      name: 'dashboard',
      command: `node ${SCRIPTS.dashboard}`,
      env: dashboardEnvironment(dashboardPort, apiUrl),
      url: dashboardUrl,
      timeout: 120_000,
      gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 },
    },
  ],
})
