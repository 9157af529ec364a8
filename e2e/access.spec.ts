import type { Page } from '@playwright/test'
import { Api } from './support/api'
import { type OwnServers, startServers } from './support/servers'
import { expect, expectStatus, instancePath, test } from './support/test'

// With sign-in: who may look sees no payloads and finds nothing to press; who may act does; who is nobody signs in first.

let servers: OwnServers
test.beforeEach(async () => {
  servers = await startServers({ EDDA_AUTH: 'token' })
})
test.afterEach(async ({ page }) => {
  await page.close()
  await servers.stop()
})

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('API token').fill(token)
  await page.getByRole('button', { name: 'Sign in with the token' }).click()
}

test('a viewer reads without payloads and without a single act', async ({ page, troubles }) => {
  const operator = new Api(servers.apiUrl, servers.createToken('operator'))
  const id = await operator.start('trip', { to: 'a secret place' })
  await operator.untilStatus(id, 'failed')

  await page.goto(servers.dashboardUrl + instancePath(id, '?tab=compensation'))
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  // what the browser itself says about requests of somebody who is not signed in
  expect(troubles.filter((trouble) => !trouble.includes('401'))).toEqual([])
  troubles.length = 0
  await signIn(page, servers.createToken('viewer'))
  await expect(page).toHaveURL(new RegExp(`${id}\\?tab=compensation`))
  await expectStatus(page, 'Failed')
  await expect(page.getByText('Your role does not show payloads.').first()).toBeVisible()
  await expect(page.getByText('cancelFlight', { exact: true }).first()).toBeVisible()
  await expect(page.getByText('a secret place')).toHaveCount(0)
  await expect(page.getByRole('button', { name: /^(Retry|Skip|Mark done|Fork)/ })).toHaveCount(0)
  await page.getByRole('button', { name: 'Actions' }).click()
  await expect(page.getByRole('menuitem')).toHaveText([/^Check against today’s code/])
  await page.keyboard.press('Escape')

  for (const [path, heading, act] of [
    ['/instances', 'Instances', /^(Start |Retry|Cancel|Select)/],
    ['/events', 'Events', /^Send/],
    ['/workflows', 'Workflows', /^Start/],
    ['/outbox', 'Outbox', /^(Redrive|Discard)/],
  ] as const) {
    await page.goto(servers.dashboardUrl + path)
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
    await expect(page.getByRole('main').getByRole('link', { name: act })).toHaveCount(0)
    await expect(page.getByRole('main').getByRole('button', { name: act })).toHaveCount(0)
    await expect(page.getByRole('main').getByRole('checkbox')).toHaveCount(0)
  }
  // and the server refuses what the page does not offer
  const refused = await page.evaluate(async (target) => {
    const body = JSON.stringify({ json: { id: target } })
    const headers = { 'content-type': 'application/json' }
    return (await fetch('/trpc/instances.retry', { method: 'POST', headers, body })).status
  }, id)
  expect(refused).toBe(403)
  expect(troubles.filter((trouble) => !trouble.includes('403'))).toEqual([])
  troubles.length = 0
})

test('an operator signs in, acts, and signs out; a wrong token is refused', async ({ page, troubles }) => {
  const token = servers.createToken('operator')
  const api = new Api(servers.apiUrl, token)
  const id = await api.start('gatedReader', { lane: 'held', messages: 1 })
  await page.goto(`${servers.dashboardUrl}/sign-in?to=${encodeURIComponent(instancePath(id))}`)
  await signIn(page, 'edda_wrong')
  await expect(page.getByText(/unknown, expired or revoked/)).toBeVisible()
  await signIn(page, token)
  await expectStatus(page, 'Waiting for event')
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: /^Suspend/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend', exact: true }).click()
  await expectStatus(page, 'Suspended')
  // the session is a cookie that no script can read
  expect(await page.evaluate('document.cookie')).not.toContain('edda-session')
  await page.getByRole('button', { name: /account|signed in|operator/i }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  expect(troubles.filter((trouble) => !trouble.includes('401'))).toEqual([])
  troubles.length = 0
})

test('after signing in nobody is sent to another site', async ({ page, troubles }) => {
  const token = servers.createToken('viewer')
  await page.goto(`${servers.dashboardUrl}/sign-in?to=${encodeURIComponent('//evil.example/x')}`)
  await signIn(page, token)
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()
  expect(new URL(page.url()).origin).toBe(servers.dashboardUrl)
  expect(troubles.filter((trouble) => !trouble.includes('401'))).toEqual([])
  troubles.length = 0
})
