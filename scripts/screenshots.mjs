// `npm run screenshots`: docs/images/*.png, from what the samples and their traffic really did. Needs built apps (`npm run build`).
import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { chromium } from '@playwright/test'
import { callApi, startBuiltApps } from './lib/built-apps.mjs'
import { root, step } from './lib/command.mjs'
import { chromiumArguments, systemChromium } from './test/browser.mjs'

const LIVELY_MS = 150_000
/** An order whose shipping fails for good, and whose refund the bank does not accept (see `fateOf` of the samples). */
const DOOMED_ORDER = 'A-1037'
const folder = path.join(root, 'docs/images')

const order = {
  orderId: DOOMED_ORDER,
  customer: { name: 'Grace Hopper', email: 'grace@example.com' },
  lines: [{ sku: 'SKU-7', quantity: 2 }],
  total: 129.5,
  shipping: 'express',
}
const doomed = `order-${DOOMED_ORDER}`

const SHOTS = [
  { name: 'overview', theme: 'light', path: '/?window=15', ready: 'text=Starts and ends' },
  { name: 'instances', theme: 'dark', path: '/instances', ready: 'table tbody tr' },
  { name: 'saga', theme: 'light', path: `/instances/${doomed}?tab=graph`, ready: '.react-flow__node', height: 1_180 },
  {
    name: 'timeline',
    theme: 'dark',
    path: `/instances/${doomed}?sel=shipParcel:1`,
    ready: 'aside[aria-label=Inspector]',
    height: 1_000,
  },
  { name: 'channels', theme: 'light', path: '/channels?view=map', ready: '.react-flow__node' },
]

const apps = await startBuiltApps()
try {
  await callApi(apps.apiUrl, 'instances.start', { workflowName: 'order', input: order, instanceId: doomed }, 'POST')
  await step('Letting the sample traffic run', () => new Promise((resolve) => setTimeout(resolve, LIVELY_MS)))
  await untilFailed(doomed)
  mkdirSync(folder, { recursive: true })
  const executablePath = systemChromium()
  const browser = await chromium.launch({ args: chromiumArguments(), ...(executablePath ? { executablePath } : {}) })
  try {
    for (const shot of SHOTS) await take(browser, shot)
  } finally {
    await browser.close()
  }
} finally {
  await apps.stop()
}

async function untilFailed(id) {
  for (;;) {
    const { instance } = await callApi(apps.apiUrl, 'instances.get', { id })
    if (instance.status === 'failed') return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function take(browser, { name, theme, path: address, ready, height = 800 }) {
  const page = await browser.newPage({
    viewport: { width: 1_280, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
  })
  await page.goto(apps.dashboardUrl + address)
  await page.locator(ready).first().waitFor()
  await page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor()
  const file = path.join(folder, `${name}.png`)
  await page.screenshot({ path: file })
  await page.close()
  console.log(`${path.relative(root, file)}, ${Math.round(statSync(file).size / 1024)} kB`)
}
