import { expect, test } from './support/test'

const FAILURES = 200

test(`${FAILURES} failures are retried at once, with progress, and can be stopped on the way`, async ({
  page,
  api,
}) => {
  const message = 'The bulk depot is closed'
  for (let index = 0; index < FAILURES; index += 20)
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => api.start('brittleTask', { message }, `bulk-${index + at}`)),
    )
  const failed = async () => {
    const query = { status: ['failed'], errorText: message, limit: 200 }
    const page = await api.query<{ instances: unknown[] }>('instances.find', query)
    return page.instances.length
  }
  await expect.poll(failed, { timeout: 60_000 }).toBe(FAILURES)

  await page.goto(`/instances?status=failed&error=${encodeURIComponent(message)}`)
  const dialog = page.getByRole('dialog')
  const retryThem = async (perSecond: string) => {
    await page.getByRole('button', { name: /^Retry/ }).click()
    await dialog.getByLabel('Per second').fill(perSecond)
    await dialog.getByLabel(/^Reason/).fill('the depot is open again')
    await dialog.getByRole('button', { name: 'Retry them' }).click()
  }
  // so slow that it cannot be missed on its way
  await retryThem('0.1')
  const progress = page.getByRole('progressbar', { name: 'Progress' })
  await expect(page.getByText(`Retrying ${FAILURES} instances …`)).toBeVisible()
  await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(page.getByText(`Retrying ${FAILURES} instances: stopped`)).toBeVisible()
  await page.getByRole('button', { name: 'Close', exact: true }).click()

  await retryThem('200')
  await expect(page.getByText(/^Retrying 1\d\d instances: finished$/)).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('status').filter({ hasText: /· 1\d\d done$/ })).toBeVisible()
  await expect.poll(failed).toBe(0)
  await expect(page.getByRole('heading', { name: 'No instances match' })).toBeVisible()
  await page.goto('/audit')
  await expect(page.getByRole('row', { name: /the depot is open again/ }).first()).toBeVisible()
})

test('a bulk cancel of selected rows can be stopped', async ({ page, api }) => {
  const ids = Array.from({ length: 12 }, (_, index) => `stopped-${index}`)
  for (const id of ids) await api.start('gatedReader', { lane: 'stopped', messages: 1 }, id)
  for (const id of ids) await api.untilStatus(id, 'waiting_for_event')
  await page.goto('/instances?id=stopped-&status=waiting_for_event')
  await expect(page.getByRole('table', { name: 'Instances' }).locator('tbody tr')).toHaveCount(12)
  await page.getByLabel('Select all instances on this page').check()
  await page.getByRole('button', { name: /^Cancel/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Per second').fill('0.1')
  await dialog.getByRole('button', { name: 'Cancel 12 instances' }).click()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(page.getByText('Cancelling 12 instances: stopped')).toBeVisible()
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await expect(page.getByRole('table', { name: 'Instances' }).getByText('Waiting for event').first()).toBeVisible()
})
