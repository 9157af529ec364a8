import { Api } from './support/api'
import { type OwnServers, startServers } from './support/servers'
import { expect, expectLive, expectStatus, instancePath, test } from './support/test'

// The API dies and comes back: the page says so, keeps what it has, and goes on by itself. So does the workflow.

let servers: OwnServers
test.beforeEach(async () => {
  servers = await startServers()
})
test.afterEach(async ({ page }) => {
  await page.close()
  await servers.stop()
})

test('API killed: a banner, what was loaded stays; API back: the page is live again and nothing is lost', async ({
  page,
  troubles,
}) => {
  const api = new Api(servers.apiUrl)
  const id = await api.start('gatedReader', { lane: 'outage', messages: 1 })
  await page.goto(servers.dashboardUrl + instancePath(id))
  await expectStatus(page, 'Waiting for event')
  await expectLive(page)

  await servers.killApi()
  const banner = page.getByRole('alert').filter({ hasText: 'The API does not answer.' })
  await expect(banner).toBeVisible({ timeout: 60_000 })
  await expectStatus(page, 'Waiting for event')
  await expect(page.getByRole('region', { name: 'Verdict' })).toContainText('gate.opened')

  await servers.startApi()
  await expect(banner).toBeHidden({ timeout: 60_000 })
  await expectLive(page)
  await api.send('gate.opened', { lane: 'outage' })
  await expectStatus(page, 'Waiting for message')
  // what the browser itself says about requests that failed meanwhile
  expect(troubles.filter((trouble) => !/Failed to load resource/.test(trouble))).toEqual([])
  troubles.length = 0
})
