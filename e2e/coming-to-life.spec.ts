import { expect, expectLive, test } from './support/test'

// What the server sent comes to life part by part. A part that comes late finds the answers to an earlier part's questions
// already there, and must begin with what the server sent all the same (or React throws the page away: error 418).

/** React's scheduler takes `setImmediate` where there is one: the pause between two parts becomes long enough for an answer. */
const SLOW_SCHEDULER = `globalThis.setImmediate = (task) => setTimeout(task, 250)`

for (const path of ['/', '/attention', '/instances', '/workers']) {
  test(`${path}: an answer that arrives before the last part has come to life changes nothing of it`, async ({
    page,
  }) => {
    await page.addInitScript(SLOW_SCHEDULER)
    await page.goto(path)
    await expectLive(page)
    await expect(page.getByRole('navigation', { name: 'Main' }).getByTitle(/^\d/).first()).toBeVisible()
  })
}
