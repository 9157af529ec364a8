// `npm run measure:dashboard`: what docs/dashboard.md says about weight and speed, measured in Chromium against the built apps
// (`npm run build` first). Prints a table; absolute figures are this machine's.
//
//   npm run measure:dashboard                    everything but Lighthouse
//   npm run measure:dashboard -- --lighthouse    Lighthouse too, which npx fetches
import { execFile } from 'node:child_process'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { chromium } from '@playwright/test'
import { callApi, startBuiltApps } from './lib/built-apps.mjs'
import { root } from './lib/command.mjs'
import { chromiumArguments, systemChromium } from './test/browser.mjs'

const STEPS = 50_000
const LIST_ROWS = 2_000
const SCROLLS = 200
const GRAPH_STEPS = 100_000
const PAYLOAD_ROWS = 15_000
/** What is there when a page's own script has been loaded. */
const READY = {
  instances: 'tbody tr',
  'instance, timeline': '[aria-label^="Timeline, arrow"]',
  'instance, graph': '.react-flow__node',
  'start form': 'textarea',
  'channel map': '.react-flow__node',
}
const LIGHTHOUSE = 'lighthouse@12.8.2'

const { values: asked } = parseArgs({ options: { lighthouse: { type: 'boolean' } } })

const apps = await startBuiltApps({ EDDA_WORKFLOWS: path.join(root, 'e2e/support/workflows.mjs') })
const executablePath = systemChromium()
const browser = await chromium.launch({ args: chromiumArguments(), ...(executablePath ? { executablePath } : {}) })
try {
  await arrange()
  await weights()
  await listAnswers()
  await eventOnScreen()
  await scrolling()
  await largePayload()
  await largeGraph()
  if (asked.lighthouse) await lighthouse()
} finally {
  await browser.close()
  await apps.stop()
}

function start(workflowName, input, instanceId) {
  return callApi(apps.apiUrl, 'instances.start', { workflowName, input, instanceId }, 'POST')
}

async function arrange() {
  await start('longHistory', { steps: STEPS }, 'long')
  for (let index = 0; index < LIST_ROWS; index += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => start('greeting', { name: `n${index + at}` }, `g-${index + at}`)),
    )
  await start('trip', { to: 'Rome' }, 'trip')
  await start('longHistory', { steps: GRAPH_STEPS }, 'longer')
  const rows = Array.from({ length: PAYLOAD_ROWS }, (_, index) => ({
    row: index,
    name: `Row number ${index}`,
    even: index % 2 === 0,
    tags: ['a', 'b'],
  }))
  await start('greeting', { name: { rows } }, 'large')
  for (const id of ['long', 'longer', 'large']) await untilCompleted(id)
}

async function untilCompleted(id) {
  for (;;) {
    const { instance } = await callApi(apps.apiUrl, 'instances.get', { id })
    if (instance.status === 'completed') return
    if (instance.status === 'failed') throw new Error(`${id} failed: ${instance.error?.message}`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** Compressed bytes of script and style until the page is there, with nothing in the cache. */
async function weights() {
  print('first load', ['JavaScript', 'CSS'])
  for (const [name, address] of Object.entries({
    overview: '/',
    instances: '/instances',
    'instance, timeline': '/instances/trip',
    'instance, graph': '/instances/trip?tab=graph',
    'start form': '/workflows/order/start',
    'channel map': '/channels?view=map',
  })) {
    const context = await browser.newContext()
    const page = await context.newPage()
    const cdp = await context.newCDPSession(page)
    const sizes = { Script: 0, Stylesheet: 0 }
    const types = new Map()
    cdp.on('Network.responseReceived', ({ requestId, type }) => types.set(requestId, type))
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const type = types.get(requestId)
      if (type in sizes) sizes[type] += encodedDataLength
    })
    await cdp.send('Network.enable')
    await page.goto(apps.dashboardUrl + address)
    await live(page)
    await page
      .locator(READY[name] ?? 'main h1')
      .first()
      .waitFor()
    print(name, [kB(sizes.Script), kB(sizes.Stylesheet)])
    await context.close()
  }
}

/** From the click on a filter to the rows that fit it. */
async function listAnswers() {
  const page = await browser.newPage()
  await page.goto(`${apps.dashboardUrl}/instances`)
  await live(page)
  const times = []
  for (let index = 0; index < 20; index++) {
    const wanted = `g-${100 + index * 7}`
    await page.getByRole('searchbox').fill(`id:${wanted} workflow:greeting`)
    const startedAt = performance.now()
    await page.keyboard.press('Enter')
    await page.locator('tbody tr').filter({ hasText: wanted }).first().waitFor()
    times.push(performance.now() - startedAt)
  }
  print(`search among ${LIST_ROWS.toLocaleString('en')}: Enter to rows`, percentiles(times))
  await page.close()
}

/** From the commit of a start to its row in an open list. */
async function eventOnScreen() {
  const page = await browser.newPage()
  await page.goto(`${apps.dashboardUrl}/instances?id=seen-`)
  await live(page)
  const times = []
  for (let index = 0; index < 10; index++) {
    await start('greeting', { name: 'seen' }, `seen-${index}`)
    const startedAt = performance.now()
    await page
      .locator('tbody tr')
      .filter({ hasText: `seen-${index}` })
      .waitFor()
    times.push(performance.now() - startedAt)
  }
  print('commit to screen', percentiles(times))
  await page.close()
}

async function scrolling() {
  for (const [name, address, pane] of [
    ['timeline', '/instances/long', '[aria-label^="Timeline, arrow"]'],
    ['history', '/instances/long?tab=history', '[aria-label^="Events, arrow"]'],
  ]) {
    const context = await browser.newContext()
    const page = await context.newPage()
    const startedAt = performance.now()
    await page.goto(apps.dashboardUrl + address)
    await page
      .locator('main [role=status]')
      .filter({ hasText: /50,000|50k/i })
      .filter({ hasNotText: 'Loading' })
      .first()
      .waitFor({ timeout: 120_000 })
    const loaded = performance.now() - startedAt
    const result = await page.locator(pane).evaluate(scrollThrough, SCROLLS)
    print(`${name} of ${STEPS.toLocaleString('en')}: loaded`, [ms(loaded)])
    print(`  ${SCROLLS} scrolls, scripting and layout a frame`, percentiles(result.frames))
    print('  long tasks (above 50 ms) meanwhile', [String(result.longTasks)])
    await context.close()
  }
}

/** An instance whose input and first result are a megabyte. */
async function largePayload() {
  const page = await pageWithLongTasks()
  const startedAt = performance.now()
  await page.goto(`${apps.dashboardUrl}/instances/large`)
  await page.getByText('rows:').first().waitFor()
  print('payload of 1 MB: on screen', [ms(performance.now() - startedAt)])
  const openedAt = performance.now()
  await page
    .getByRole('button', { name: /echo:2/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Load it' }).click()
  await page.getByRole('complementary', { name: 'Inspector' }).getByText('rows:').first().waitFor()
  print('  a recorded one, fetched when it is looked at', [ms(performance.now() - openedAt)])
  print('  longest task meanwhile', [ms(await longestTask(page))])
  await page.context().close()
}

/** A hundred thousand operations: the graph folds what the source repeats. */
async function largeGraph() {
  const page = await pageWithLongTasks()
  let pages = 0
  page.on('response', (response) => {
    if (response.url().includes('instances.history')) pages++
  })
  const startedAt = performance.now()
  await page.goto(`${apps.dashboardUrl}/instances/longer?tab=graph`)
  const node = page.locator('.react-flow__node').filter({ hasText: 'echo' }).first()
  await node.waitFor()
  print(`graph of ${GRAPH_STEPS.toLocaleString('en')} steps: first picture`, [ms(performance.now() - startedAt)])
  await node.filter({ hasText: /100,000|100k/i }).waitFor({ timeout: 120_000 })
  print(`  all ${pages} pages of its history in it`, [ms(performance.now() - startedAt)])
  print('  nodes drawn', [String(await page.locator('.react-flow__node').count())])
  const clickedAt = performance.now()
  await node.click()
  await page.getByRole('complementary', { name: 'Inspector' }).waitFor()
  print('  a click to the inspector', [ms(performance.now() - clickedAt)])
  print('  longest task meanwhile', [ms(await longestTask(page))])
  await page.context().close()
}

async function lighthouse() {
  const pages = { instances: '/instances', instance: '/instances/trip', overview: '/' }
  const categories = ['accessibility', 'best-practices']
  for (const [name, address] of Object.entries(pages)) {
    const { stdout } = await promisify(execFile)(
      'npx',
      [
        '--yes',
        LIGHTHOUSE,
        apps.dashboardUrl + address,
        `--only-categories=${categories.join(',')}`,
        '--output=json',
        '--quiet',
        '--preset=desktop',
        `--chrome-flags=--headless=new ${chromiumArguments().join(' ')}`,
      ],
      { maxBuffer: 64 * 2 ** 20, env: { ...process.env, ...(executablePath ? { CHROME_PATH: executablePath } : {}) } },
    )
    const report = JSON.parse(stdout)
    const failed = Object.values(report.audits).filter(({ score }) => score !== null && score < 1)
    const scores = categories.map((category) => `${category} ${Math.round(report.categories[category].score * 100)}`)
    print(
      `Lighthouse, ${name}`,
      [...scores, ...failed.map(({ id }) => `not: ${id}`)].map((text) => ` ${text}`),
    )
  }
}

async function pageWithLongTasks() {
  const page = await (await browser.newContext({ viewport: { width: 1_280, height: 1_400 } })).newPage()
  await page.addInitScript(() => {
    window.__longest = 0
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.__longest = Math.max(window.__longest, duration)
    }).observe({ type: 'longtask', buffered: true })
  })
  return page
}

function longestTask(page) {
  return page.evaluate(() => window.__longest)
}

/** Runs in the page: one scroll a frame, and how long the frame's own work took. */
async function scrollThrough(pane, scrolls) {
  const frames = []
  let longTasks = 0
  const observer = new PerformanceObserver((list) => {
    longTasks += list.getEntries().length
  })
  observer.observe({ type: 'longtask' })
  const travel = pane.scrollHeight - pane.clientHeight
  for (let index = 1; index <= scrolls; index++) {
    await new Promise((resolve) => {
      requestAnimationFrame(() => {
        const startedAt = performance.now()
        pane.scrollTop = (travel * index) / scrolls
        const channel = new MessageChannel()
        channel.port1.onmessage = () => {
          frames.push(performance.now() - startedAt)
          resolve()
        }
        channel.port2.postMessage(0)
      })
    })
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
  observer.disconnect()
  return { frames, longTasks }
}

function live(page) {
  return page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor()
}

function percentiles(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return [`p50 ${ms(at(0.5))}`, `p95 ${ms(at(0.95))}`, `max ${ms(sorted.at(-1))}`]
}

function ms(value) {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value).toLocaleString('en')} ms`
}

function kB(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`
}

function print(name, values) {
  console.log(`${name.padEnd(52)} ${values.map((value) => value.padStart(14)).join('')}`)
}
