import { expect, instancePath, test } from './support/test'

test('a channel’s lag grows while its reader is held up, and drains when it goes on', async ({ page, api }) => {
  const id = await api.start('gatedReader', { lane: 'lag-lane', messages: 3 })
  await api.untilStatus(id, 'waiting_for_event')
  await page.goto('/channels/lag-lane')
  const reader = page.getByRole('listitem').filter({ hasText: id })
  await expect(reader).toContainText('up to date')

  for (const [index, behind] of ['1 behind', '2 behind', '3 behind'].entries()) {
    await page.getByRole('button', { name: /^Publish/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Publish on lag-lane' })
    await dialog.getByLabel('Data').fill(JSON.stringify({ parcel: index + 1 }))
    await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
    await expect(reader).toContainText(behind)
  }
  await page.getByRole('button', { name: /parcel: 3/ }).click()
  await expect(page.getByRole('button', { name: /^Deliver again/ })).toBeVisible()

  await api.send('gate.opened', { lane: 'lag-lane' })
  await expect(page.getByText('Nobody listens.')).toBeVisible()
  await page.goto(instancePath(id, '?tab=messages'))
  await expect(page.getByRole('heading', { name: 'Received, 4' })).toBeVisible()
})

test('a message is deleted with a reason, and the audit tells who did it', async ({ page, api }) => {
  for (const parcel of ['kept', 'poison'])
    await api.mutate('channels.publish', { name: 'delete-lane', data: { parcel } })
  await page.goto('/channels/delete-lane')
  await page.getByRole('button', { name: /parcel: "?poison/ }).click()
  await page.getByRole('button', { name: /^Delete/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete message 2?' })
  await dialog.getByLabel('Reason').fill('nobody can read it')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByRole('button', { name: /poison/ })).toBeHidden()
  await expect(page.getByRole('button', { name: /kept/ })).toBeVisible()
  await page.getByRole('link', { name: 'See it in the audit' }).click()
  await expect(page.getByRole('row', { name: /channel\.delete/ })).toContainText('nobody can read it')
})

test('the map shows who publishes to whom', async ({ page, api }) => {
  await api.start('jobConsumer', { name: 'mapped' })
  await api.start('jobBatch', { name: 'mapped', jobs: 1 })
  await page.goto('/channels?view=map')
  await expect(page.locator('.react-flow__node', { hasText: 'jobBatch' })).toBeVisible()
  await expect(page.locator('.react-flow__node', { hasText: 'jobConsumer' })).toBeVisible()
})
