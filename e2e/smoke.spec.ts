import { expect, test } from '@playwright/test'

// The two built apps are there and speak to each other; everything else is proved by the journeys beside this file.

test('the API is ready', async ({ request }) => {
  const response = await request.get(`${process.env.E2E_API_URL}/health/ready`)
  expect(response.status()).toBe(200)
})

test('the dashboard opens without an error', async ({ page }) => {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  const response = await page.goto('/')
  expect(response?.status()).toBe(200)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  expect(errors).toEqual([])
})
