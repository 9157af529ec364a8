/** Every test of this folder: an API to arrange with, and a page on which nothing may go wrong unseen. */
import { test as base, expect, type Page } from '@playwright/test'
import { Api } from './api'

export { expect }

export const test = base.extend<{ api: Api; troubles: string[] }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  api: async ({}, use) => use(new Api(process.env.E2E_API_URL ?? '')),
  /** What the browser complained about; the test fails with it unless it has taken it out. */
  troubles: [
    async ({ page }, use) => {
      const troubles: string[] = []
      page.on('pageerror', (error) => troubles.push(`uncaught: ${error.message}`))
      page.on('console', (message) => {
        if (message.type() === 'error') troubles.push(`console: ${message.text()} ${message.location().url}`)
      })
      await use(troubles)
      expect(troubles).toEqual([])
    },
    { auto: true },
  ],
})

export function instancePath(id: string, query = ''): string {
  return `/instances/${encodeURIComponent(id)}${query}`
}

/** The badge beside the instance's name. */
export async function expectStatus(page: Page, label: string): Promise<void> {
  await expect(page.locator('main header').first().getByText(label, { exact: true })).toBeVisible()
}

/** The page listens: what the server sent has come to life, and changes arrive by themselves. */
export async function expectLive(page: Page): Promise<void> {
  await expect(
    page
      .getByRole('banner')
      .getByRole('status')
      .filter({ hasText: /^Live$/ }),
  ).toBeVisible()
}

/** Chooses from the menu of all acts on the instance. */
export async function act(page: Page, item: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: item }).click()
}
