import { expect, instancePath, test } from './support/test'

// A saga that failed and could not be undone by itself.

test('the chain shows what could not be undone; one link is retried, another skipped; both stand in the audit', async ({
  page,
  api,
}) => {
  const id = await api.start('trip', { to: 'Rome' })
  await api.untilStatus(id, 'failed')
  await page.goto(instancePath(id))
  await page.getByRole('tab', { name: /Graph/ }).click()
  await expect(page.locator('.react-flow__node', { hasText: 'cancelCar' })).toContainText('Undone')
  await expect(page.locator('.react-flow__node', { hasText: 'cancelHotel' })).toContainText('Failed')

  await page.getByRole('tab', { name: /Compensation/ }).click()
  const links = page.getByRole('tabpanel').locator('ol > li')
  // last first
  await expect(links).toHaveCount(3)
  await expect(links.nth(0)).toContainText('cancelCar')
  await expect(links.nth(1)).toContainText('The hotel does not pick up')
  await expect(links.nth(2)).toContainText('The airline refunds nothing')

  await links
    .nth(1)
    .getByRole('button', { name: /^Retry/ })
    .click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry', exact: true }).click()
  await expect(links.nth(1)).toContainText('Undone')

  await links.nth(2).getByRole('button', { name: /^Skip/ }).click()
  const dialog = page.getByRole('dialog')
  const reason = dialog.getByLabel('Reason')
  // skipping says something about the world: it asks why
  await expect(reason).toHaveAttribute('required', '')
  await reason.fill('refunded by telephone')
  await dialog.getByRole('button', { name: 'Skip', exact: true }).click()
  await expect(links.nth(2)).toContainText('Skipped')

  await page.goto(`/audit?target=${encodeURIComponent(id)}`)
  const audit = page.getByRole('table', { name: 'Audit' })
  await expect(audit.getByRole('row', { name: /compensation\.retry/ })).toBeVisible()
  await audit.getByRole('button', { name: 'compensation.skip' }).click()
  const entry = page.getByRole('dialog', { name: 'compensation.skip' })
  await expect(entry).toContainText('refunded by telephone')
  await expect(entry).toContainText('failed')
  await expect(entry).toContainText('skipped')
})
