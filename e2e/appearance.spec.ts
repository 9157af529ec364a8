import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import type { Api } from './support/api'
import { expect, instancePath, test } from './support/test'

// Every page, in both themes, also on a telephone.

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

interface Shown {
  readonly name: string
  readonly path: (api: Api) => Promise<string> | string
  /** What is there when the page is. */
  readonly ready: (page: Page) => ReturnType<Page['locator']>
}

async function failedTrip(api: Api): Promise<string> {
  const id = await api.start('trip', { to: 'Oslo' })
  await api.untilStatus(id, 'failed')
  return id
}
async function completedGreeting(api: Api): Promise<string> {
  const id = await api.start('greeting', { name: 'Axe' })
  await api.untilStatus(id, 'completed')
  return id
}
async function waitingReader(api: Api): Promise<string> {
  const id = await api.start('gatedReader', { lane: 'axe', messages: 1 })
  await api.untilStatus(id, 'waiting_for_event')
  return id
}
const heading = (name: string) => (page: Page) => page.getByRole('heading', { level: 1, name })
const row = (table: string) => (page: Page) => page.getByRole('table', { name: table }).locator('tbody tr').first()

const PAGES: readonly Shown[] = [
  { name: 'overview', path: () => '/', ready: (page) => page.getByRole('heading', { name: 'Instances by status' }) },
  {
    name: 'needs attention',
    path: async (api) => {
      await failedTrip(api)
      return '/attention'
    },
    ready: (page) => page.getByRole('heading', { name: /^Compensation failed/ }),
  },
  { name: 'instances', path: async (api) => completedGreeting(api).then(() => '/instances'), ready: row('Instances') },
  {
    name: 'instances, none match',
    path: () => '/instances?id=nobody-has-this&after=never',
    ready: (page) => page.getByRole('heading', { name: 'No instances match' }),
  },
  { name: 'workflows', path: () => '/workflows', ready: row('Workflows') },
  { name: 'workflow', path: () => '/workflows/order', ready: (page) => page.locator('.react-flow__node').first() },
  { name: 'workflow source', path: () => '/workflows/order?tab=source', ready: heading('order') },
  { name: 'workflow schema', path: () => '/workflows/order?tab=schema', ready: heading('order') },
  { name: 'start', path: () => '/workflows/order/start', ready: (page) => page.getByLabel('As JSON') },
  {
    name: 'channels',
    path: async (api) => waitingReader(api).then(() => '/channels'),
    ready: row('Channels'),
  },
  {
    name: 'channel map',
    path: async (api) => waitingReader(api).then(() => '/channels?view=map'),
    ready: (page) => page.locator('.react-flow__node').first(),
  },
  { name: 'channel', path: async (api) => waitingReader(api).then(() => '/channels/axe'), ready: heading('axe') },
  { name: 'outbox', path: () => '/outbox', ready: heading('Outbox') },
  {
    name: 'events',
    path: async (api) => api.send('axe.event', { seen: false }).then(() => '/events'),
    ready: row('Events'),
  },
  {
    name: 'sending an event',
    path: () => '/events?send=gate.opened&data=%7B%7D',
    ready: (page) => page.getByRole('dialog', { name: 'Send an event' }),
  },
  { name: 'workers', path: () => '/workers', ready: row('Workers') },
  { name: 'audit', path: async (api) => completedGreeting(api).then(() => '/audit'), ready: row('Audit') },
  {
    name: 'instance, completed, with inspector',
    path: async (api) => instancePath(await completedGreeting(api), '?sel=echo:1'),
    ready: (page) => page.getByRole('button', { name: 'Replay to here' }),
  },
  {
    name: 'instance, waiting, messages',
    path: async (api) => instancePath(await waitingReader(api), '?tab=messages'),
    ready: (page) => page.getByRole('heading', { name: 'Subscriptions' }),
  },
  {
    name: 'instance, failed, compensation',
    path: async (api) => instancePath(await failedTrip(api), '?tab=compensation'),
    ready: (page) => page.getByText('cancelFlight', { exact: true }).first(),
  },
  {
    name: 'instance, failed, graph',
    path: async (api) => instancePath(await failedTrip(api), '?tab=graph'),
    ready: (page) => page.locator('.react-flow__node').first(),
  },
  {
    name: 'instance, failed, history',
    path: async (api) => instancePath(await failedTrip(api), '?tab=history&form=full'),
    ready: (page) =>
      page
        .getByRole('group', { name: /^Events/ })
        .getByRole('button')
        .first(),
  },
  {
    name: 'instance, history as JSON',
    path: async (api) => instancePath(await completedGreeting(api), '?tab=history&form=json'),
    ready: (page) => page.getByRole('button', { name: 'Copy History' }),
  },
  {
    name: 'instance, replay',
    path: async (api) => instancePath(await completedGreeting(api), '?tab=replay&at=1&check=true'),
    ready: (page) => page.getByText('Today’s code fits'),
  },
  { name: 'sign-in', path: () => '/sign-in', ready: heading('Sign in') },
]

/** Two frames: what changed has been laid out and drawn. */
async function painted(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

async function violations(page: Page): Promise<unknown[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze()
  return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((node) => [node.html, node.failureSummary]) }))
}

for (const { name, path, ready } of PAGES) {
  test(`${name}: axe finds nothing in light, dark and at 375 px, where nothing is wider than the screen`, async ({
    page,
    api,
  }) => {
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(await path(api))
    await expect(ready(page)).toBeVisible()
    expect(await violations(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await painted(page)
    expect(await violations(page)).toEqual([])
    await page.setViewportSize({ width: 375, height: 812 })
    await painted(page)
    await expect(ready(page)).toBeVisible()
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375)
  })
}

test.describe('at 375 px', () => {
  test.use({ viewport: { width: 375, height: 812 } })

  test('the navigation opens, leads on, and closes', async ({ page }) => {
    await page.goto('/')
    await page.getByRole('button', { name: 'Open navigation' }).click()
    await page.getByRole('dialog').getByRole('link', { name: 'Workflows' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Workflows' })).toBeVisible()
    await expect(page.getByRole('dialog')).toBeHidden()
  })
})

test('the theme follows the system until one is chosen, and the choice stays', async ({ page }) => {
  const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto('/workers')
  const light = await background()
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(background).not.toBe(light)
  await page.getByRole('button', { name: 'Theme: System' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Light' }).click()
  await expect.poll(background).toBe(light)
  await page.reload()
  await expect(page.getByRole('button', { name: 'Theme: Light' })).toBeVisible()
  await expect.poll(background).toBe(light)
})
