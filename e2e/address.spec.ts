import { expect, instancePath, test } from './support/test'

// The address is the whole state of a view.

test('reload and the back button keep the list as it was', async ({ page, api }) => {
  const id = await api.start('greeting', { name: 'Reload' })
  await api.untilStatus(id, 'completed')
  await page.goto('/instances')
  await page.getByRole('button', { name: 'Status' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Completed' }).click()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/status=completed/)
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.getByLabel('Path').fill('name')
  await page.getByLabel('Value').fill('Reload')
  await page.getByRole('button', { name: 'Add filter' }).click()
  const rows = page.getByRole('table', { name: 'Instances' }).locator('tbody tr')
  await expect(rows).toHaveCount(1)

  await page.reload()
  await expect(page.getByRole('button', { name: 'Remove input.name "Reload"' })).toBeVisible()
  await expect(rows).toHaveCount(1)
  await rows.getByRole('link').click()
  await expect(page).toHaveURL(new RegExp(id))
  await page.goBack()
  await expect(page.getByRole('button', { name: 'Remove status Completed' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('button', { name: /^Remove input/ })).toBeHidden()
  await expect(page.getByRole('button', { name: 'Remove status Completed' })).toBeVisible()
})

test('reload and the back button keep tab and selection of an instance', async ({ page, api }) => {
  const id = await api.start('greeting', { name: 'Tab' })
  await api.untilStatus(id, 'completed')
  await page.goto(instancePath(id))
  await page.getByRole('tab', { name: /History/ }).click()
  await page.getByRole('button', { name: /echo:3/ }).click()
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  await expect(inspector).toContainText('echo:3')
  await page.reload()
  await expect(page.getByRole('tab', { name: /History/ })).toHaveAttribute('aria-selected', 'true')
  await expect(inspector).toContainText('echo:3')
  await page.goBack()
  await expect(page.getByRole('tab', { name: 'Timeline' })).toHaveAttribute('aria-selected', 'true')
})

test('what a verdict suggests opens with everything filled in', async ({ page, api }) => {
  const id = await api.start('greeting', { name: 'Check' })
  await api.untilStatus(id, 'completed')
  await page.goto(instancePath(id, '?tab=replay&check=true'))
  await expect(page.getByText('Today’s code fits')).toBeVisible()

  const reader = await api.start('gatedReader', { lane: 'suggested', messages: 1 })
  await api.untilStatus(reader, 'waiting_for_event')
  await api.send('gate.opened', { lane: 'suggested' })
  await page.goto(instancePath(reader))
  await page.getByRole('region', { name: 'Verdict' }).getByRole('link', { name: 'Send a message' }).click()
  const dialog = page.getByRole('dialog', { name: 'Publish on suggested' })
  await dialog.getByLabel('Data').fill('"here"')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await api.untilStatus(reader, 'completed')
})

test.describe('an address that was not understood is ignored, and the page says so', () => {
  const wrong: [string, string][] = [
    ['/instances?status=nonsense&after=yesterday', 'status=nonsense'],
    ['/instances?input=..%2F..%3D1', 'input='],
    ['/instances?page=forged', 'page=forged'],
    ['/outbox?status=lost', 'status=lost'],
    ['/events?before=x', 'before=x'],
    ['/audit?before=-x', 'before=-x'],
    ['/channels?view=cube', 'view=cube'],
    ['/?window=7', 'window=7'],
    ['/workflows/order?tab=cube', 'tab=cube'],
  ]
  for (const [address, part] of wrong) {
    test(address, async ({ page, troubles }) => {
      await page.goto(address)
      await expect(page.getByRole('status').filter({ hasText: part })).toBeVisible()
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.getByRole('alert').filter({ hasText: /went wrong|refused/ })).toHaveCount(0)
      // the browser itself tells of the one question that had to be asked to find out
      expect(troubles.filter((trouble) => !trouble.includes('400'))).toEqual([])
      troubles.length = 0
    })
  }

  test('of an instance', async ({ page, api }) => {
    const id = await api.start('greeting', { name: 'Wrong' })
    await page.goto(instancePath(id, '?tab=cube&seq=one'))
    await expect(page.getByRole('status').filter({ hasText: 'tab=cube' })).toBeVisible()
    await expect(page.getByRole('tab', { name: 'Timeline' })).toHaveAttribute('aria-selected', 'true')
  })
})
