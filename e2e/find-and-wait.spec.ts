import { expect, expectStatus, instancePath, test } from './support/test'

// What is wrong with this one, and what can I do about it?

test('an instance is found by a value of its input, says why it waits, and goes on with the event it waits for', async ({
  page,
  api,
}) => {
  for (const expense of ['E-100', 'E-101'])
    await api.send('expense.submitted', { id: expense, employee: 'Ada', amount: 12, purpose: 'travel' })

  await page.goto('/')
  await page.getByRole('searchbox', { name: 'Search instances' }).fill('workflow:expenseApproval input.id=E-101')
  await page.keyboard.press('Enter')
  const rows = page.getByRole('table', { name: 'Instances' }).locator('tbody tr')
  await expect(rows).toHaveCount(1)
  await rows.getByRole('link').click()

  const verdict = page.getByRole('region', { name: 'Verdict' })
  await expect(verdict).toContainText('Waiting for event expense.decided')
  await expect(verdict).toContainText('expense.id')
  await expect(verdict).toContainText('E-101')
  const instance = page.url()

  await verdict.getByRole('link', { name: 'Send the event' }).click()
  const dialog = page.getByRole('dialog', { name: 'Send an event' })
  await expect(dialog.getByLabel('Type')).toHaveValue('expense.decided')
  const data = dialog.getByLabel('Data')
  await expect(data).toHaveValue(/"id": "E-101"/)
  await data.fill(JSON.stringify({ expense: { id: 'E-101' }, approved: true, by: 'Grace' }))
  const preview = dialog.getByRole('region', { name: 'What would match' })
  await expect(preview).toContainText('wakes 1 instance')
  await dialog.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(
    page.getByRole('table', { name: 'Events' }).getByRole('row', { name: /expense\.decided.*woke/ }),
  ).toBeVisible()

  await page.goto(instance)
  await expectStatus(page, 'Completed')
  await expect(page.getByText('"Grace"').first()).toBeVisible()
})

test('an event that nobody waits for is shown as such, before and after it is sent', async ({ page }) => {
  await page.goto('/events')
  await page.getByRole('button', { name: /^Send an event/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Send an event' })
  await dialog.getByLabel('Type').fill('nobody.cares')
  await expect(dialog.getByText(/^Nobody/)).toBeVisible()
  await dialog.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('button', { name: 'Only those that reached nobody' }).click()
  await expect(page.getByRole('row', { name: /nobody\.cares.*nobody/ }).first()).toBeVisible()
})

test('the list follows what happens without a reload', async ({ page, api }) => {
  await page.goto('/instances?workflow=gatedReader&input=lane%3Dfollowed')
  await expect(page.getByRole('heading', { name: 'No instances match' })).toBeVisible()
  const id = await api.start('gatedReader', { lane: 'followed', messages: 1 })
  const row = page.getByRole('table', { name: 'Instances' }).getByRole('row', { name: new RegExp(id) })
  await expect(row).toContainText('Waiting for event')
  await api.send('gate.opened', { lane: 'followed' })
  await expect(row).toContainText('Waiting for message')
})

test('the trace of an event is shown where it was received', async ({ page, api }) => {
  const id = await api.start('gatedReader', { lane: 'traced', messages: 0 })
  await api.untilStatus(id, 'waiting_for_event')
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const extensions = { traceparent: `00-${trace}-b7ad6b7169203331-01` }
  await api.send('gate.opened', { lane: 'traced' }, { extensions })
  await api.untilStatus(id, 'completed')
  await page.goto(instancePath(id, '?tab=messages'))
  await page.getByRole('button', { name: /gate\.opened/ }).click()
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  await expect(inspector.getByText(trace, { exact: true })).toBeVisible()
  await expect(inspector.getByRole('button', { name: 'Copy trace id' })).toBeVisible()
})
