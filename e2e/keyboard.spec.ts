import type { Page } from '@playwright/test'
import { expect, expectLive, expectStatus, instancePath, test } from './support/test'

// The main journeys with no pointer at all.

/** Tabs on until the focus stands on what bears this name. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const focused = page.locator(':focus')
  await expect(async () => {
    await page.keyboard.press('Tab')
    const label = (await focused.getAttribute('aria-label')) ?? (await focused.textContent()) ?? ''
    expect(label).toMatch(name)
  }).toPass({ intervals: [0] })
}

test('find by an input value, open, read the verdict, send the event', async ({ page, api }) => {
  await api.start('gatedReader', { lane: 'keyboard', messages: 1 }, 'keyboard-reader')
  await api.untilStatus('keyboard-reader', 'waiting_for_event')
  await page.goto('/')
  await expectLive(page)
  await page.keyboard.press('/')
  await page.keyboard.type('input.lane=keyboard')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('table', { name: 'Instances' }).locator('tbody tr')).toHaveCount(1)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expectStatus(page, 'Waiting for event')
  await tabTo(page, /^Send the event$/)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Send an event' })
  await expect(dialog.getByText('wakes 1 instance')).toBeVisible()
  await tabTo(page, /^Send$/)
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await api.untilStatus('keyboard-reader', 'waiting_for_message')
})

test('cancel through the menu of acts', async ({ page, api }) => {
  await api.start('gatedReader', { lane: 'keyboard-2', messages: 1 }, 'keyboard-cancelled')
  await page.goto(instancePath('keyboard-cancelled'))
  await expectStatus(page, 'Waiting for event')
  await tabTo(page, /^Actions$/)
  await page.keyboard.press('Enter')
  const last = page.getByRole('menuitem').last()
  await expect(last).toBeVisible()
  // it takes the keys a moment after it is drawn
  await expect(async () => {
    await page.keyboard.press('End')
    await expect(last).toBeFocused({ timeout: 500 })
  }).toPass()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toContainText('keyboard-cancelled')
  await page.keyboard.type('by keyboard')
  await tabTo(page, /^Cancel$/)
  await page.keyboard.press('Enter')
  await expectStatus(page, 'Cancelled')
})

test('pages by their two letters, tabs by number, help by question mark, the palette by name', async ({
  page,
  api,
}) => {
  await api.start('greeting', { name: 'Palette' }, 'palette-greeting')
  await page.goto('/')
  await expectLive(page)
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await expect(page.getByRole('heading', { level: 1, name: 'Channels' })).toBeVisible()
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: /shortcuts/i })
  await expect(help).toContainText('Command palette')
  await page.keyboard.press('Escape')
  await expect(help).toBeHidden()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('palette-greet')
  await expect(page.getByRole('option', { name: /palette-greeting/ })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/palette-greeting/)
  await expectStatus(page, 'Completed')
  await page.keyboard.press('3')
  await expect(page.getByRole('tab', { name: /History/ })).toHaveAttribute('aria-selected', 'true')
  await page.getByRole('group', { name: /^Events/ }).focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toContainText('echo:2')
})

test('start a workflow from the palette', async ({ page }) => {
  await page.goto('/')
  await expectLive(page)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('start greeting')
  await expect(page.getByRole('option', { name: /Start greeting/ })).toBeVisible()
  await page.keyboard.press('Enter')
  const json = page.getByLabel('As JSON')
  await expect(json).toBeVisible()
  await tabTo(page, /As JSON|^\{\}$/)
  await page.keyboard.press('Control+a')
  await page.keyboard.type('{"name":"Keys"}')
  await tabTo(page, /^Start greeting$/)
  await page.keyboard.press('Enter')
  await expectStatus(page, 'Completed')
  await expect(page.getByText('"Hello, Keys!"')).toBeVisible()
})
