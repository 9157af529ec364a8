import { act, expect, expectStatus, instancePath, test } from './support/test'

// The main job in the browser: start, watch, look into, cancel, retry.

test('an order is started from the form made of its schema and watched until it completes', async ({ page }) => {
  await page.goto('/workflows/order/start')
  await page.getByRole('button', { name: 'Start order' }).click()
  // the form complains at the fields before anything is sent
  await expect(page.locator('form').getByRole('alert')).toContainText('to mend')
  await expect(page.getByLabel('Order')).toBeFocused()

  await page.getByLabel('Order').fill('A-1')
  await page.getByLabel('name').fill('Ada')
  await page.getByLabel('email').fill('ada@example.com')
  await page.getByLabel('sku').fill('SKU-7')
  await page.getByLabel('quantity').fill('2')
  await page.getByLabel('Total, EUR').fill('19.5')
  await page.getByLabel('shipping').selectOption('express')
  await expect(page.getByLabel('As JSON')).toHaveValue(/"email": "ada@example.com"/)
  await page.getByLabel('Reason (optional)').fill('first try')
  await page.getByRole('button', { name: 'Start order' }).click()

  await expect(page).toHaveURL(/\/instances\/order-/)
  const timeline = page.getByRole('group', { name: /^Timeline/ })
  await expect(timeline.getByText('reserveStock')).toBeVisible()
  // nothing is clicked from here on: what happens appears by itself
  await expect(timeline.getByText('shipParcel')).toBeVisible({ timeout: 60_000 })
  await expectStatus(page, 'Completed')
  await expect(page.getByRole('region', { name: 'Verdict' })).toContainText('Completed')
  await expect(page.getByText('"T-A-1"')).toBeVisible()
})

test('history, graph and inspector show the same steps of a completed instance', async ({ page, api }) => {
  const id = await api.start('greeting', { name: 'Ada' })
  await api.untilStatus(id, 'completed')
  await page.goto(instancePath(id))

  await page.getByRole('tab', { name: /History/ }).click()
  const events = page.getByRole('group', { name: /^Events/ })
  await expect(events.getByRole('button')).toHaveCount(3)
  await events.getByRole('button', { name: /echo:2/ }).click()
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  await expect(inspector.getByRole('heading', { name: /echo:2/ })).toBeVisible()
  await expect(inspector.getByText('"Ada"').first()).toBeVisible()

  await page.getByRole('tab', { name: 'Graph' }).click()
  await expect(page.locator('.react-flow__node', { hasText: 'echo' })).toHaveCount(3)
  // the selection is the page's, not the tab's
  await expect(inspector.getByRole('heading', { name: /echo:2/ })).toBeVisible()
  await expect(page).toHaveURL(/tab=graph/)
  await expect(page).toHaveURL(/sel=echo%3A2|sel=echo:2/)
})

test('a waiting instance is cancelled with a reason, which stands in the audit', async ({ page, api }) => {
  const id = await api.start('gatedReader', { lane: 'cancelled-lane', messages: 1 })
  await page.goto(instancePath(id))
  await expectStatus(page, 'Waiting for event')
  await act(page, /^Cancel/)
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(id)
  await dialog.getByLabel(/^Reason/).fill('ordered twice')
  await dialog.getByRole('button', { name: 'Cancel', exact: true }).click()
  await expectStatus(page, 'Cancelled')
  await page.getByRole('region', { name: 'Messages' }).getByRole('link', { name: 'See it in the audit' }).click()
  const entries = page.getByRole('table', { name: 'Audit' })
  await expect(entries.getByRole('row', { name: /instance\.cancel.*ordered twice/ })).toBeVisible()
})

test('a failed instance is retried and goes on from the step that failed', async ({ page, api }) => {
  const id = await api.start('brittleTask', { message: 'The depot is closed' })
  await api.untilStatus(id, 'failed')
  await page.goto(instancePath(id))
  const verdict = page.getByRole('region', { name: 'Verdict' })
  await expect(verdict).toContainText('The depot is closed')
  await verdict.getByRole('button', { name: /^Retry/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry', exact: true }).click()
  await expectStatus(page, 'Completed')
  await expect(page.getByText('mended')).toBeVisible()
})
