import { expect, expectStatus, instancePath, test } from './support/test'

// Forking and replaying: the past is looked at and copied, never changed.

test('a fork from a step with edited input keeps what came before and goes another way after it', async ({
  page,
  api,
}) => {
  const id = await api.start('greeting', { name: 'Ada' })
  await api.untilStatus(id, 'completed')
  await page.goto(instancePath(id, '?tab=history&sel=echo:2'))
  await page.getByRole('button', { name: /^Fork before this/ }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('From event')).toHaveValue('2')
  await dialog.getByLabel('Edit the input').check()
  await dialog.getByLabel('Input', { exact: true }).fill('{ "name": "Grace" ')
  await dialog.getByRole('button', { name: 'Fork from event 2' }).click()
  await expect(dialog.getByRole('alert')).toContainText('no JSON')
  await dialog.getByLabel('Input', { exact: true }).fill('{ "name": "Grace" }')
  await dialog.getByRole('button', { name: 'Fork from event 2' }).click()

  await expect(page).toHaveURL(/\/instances\/fork-/)
  await expectStatus(page, 'Completed')
  await expect(page.getByText('"Hello, Grace!"')).toBeVisible()
  await page.getByRole('button', { name: 'Forked from' }).click()
  await page.getByRole('link', { name: new RegExp(id) }).click()
  await expect(page.getByText('"Hello, Ada!"')).toBeVisible()
})

test('the scrubber shows every operation as it stood after each event', async ({ page, api }) => {
  const id = await api.start('greeting', { name: 'Ada' })
  await api.untilStatus(id, 'completed')
  await page.goto(instancePath(id, '?tab=replay'))
  const operations = page.getByRole('heading', { name: /^Operations/ })
  await expect(operations).toHaveText('Operations, 3')
  await page.getByRole('button', { name: 'To the start' }).click()
  await expect(operations).toHaveText(/Operations, [01]/)
  await expect(page.getByText('nothing recorded yet')).toBeVisible()
  await page.getByRole('button', { name: 'Next event' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'ActivityCompleted' })).toContainText('echo:1')
  await expect(page).toHaveURL(/at=1/)
  const slider = page.getByRole('slider', { name: 'Position in the history' })
  await slider.fill('2')
  await expect(page.getByRole('status').filter({ hasText: 'ActivityCompleted' })).toContainText('echo:2')
  await page.getByRole('button', { name: /^Fork from here/ }).click()
  await expect(page.getByRole('dialog').getByLabel('From event')).toHaveValue('3')
  await page.keyboard.press('Escape')
  await slider.press('ArrowRight')
  await expect(page.getByRole('status').filter({ hasText: 'ActivityCompleted' })).toContainText('echo:3')
  await page.getByRole('button', { name: 'Check against today’s code' }).click()
  await expect(page.getByText('3 events replayed without a difference')).toBeVisible()
})
