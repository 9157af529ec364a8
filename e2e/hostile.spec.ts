import { randomUUID } from 'node:crypto'
import type { Page } from '@playwright/test'
import type { Api } from './support/api'
import { expect, instancePath, test } from './support/test'

// Whoever may name a thing may try to run a script in the browser of whoever looks at it. Text stays text, on every page.

const PAYLOADS = [
  '<img src=x onerror="window.__ran=1">',
  '"><script>window.__ran=1</script>',
  'javascript:window.__ran=1//',
  '<svg/onload=window.__ran=1>',
  "';window.__ran=1;//",
  '{{constructor.constructor("window.__ran=1")()}}',
  '</textarea></script><iframe srcdoc="<script>parent.__ran=1</script>">',
  // turns the direction of writing
  '\u202Eevil<b>',
]

/** The one who looks: whatever is tried, nothing runs. */
async function lookAt(page: Page, addresses: readonly string[]): Promise<void> {
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  for (const address of addresses) {
    await page.goto(address)
    await expect(page.locator('main')).toBeVisible()
    await expect(page.locator('[role=status][aria-label^=Loading]')).toHaveCount(0)
    expect(await page.evaluate('"__ran" in window')).toBe(false)
  }
  expect(dialogs).toEqual([])
}

/** Puts the text wherever a stranger's text may stand. */
async function plant(api: Api, text: string): Promise<string> {
  const id = `hostile ${randomUUID()} ${text}`
  const tags = { [text.slice(0, 60)]: text }
  await api.mutate('instances.start', { workflowName: 'showcase', input: { text }, instanceId: id, tags, reason: text })
  await api.untilStatus(id, 'waiting_for_event')
  const source = `/${encodeURIComponent(text)}`
  await api.mutate('events.send', { type: text, source, id, data: { [text]: text }, reason: text })
  await api.mutate('channels.publish', { name: text, data: text, metadata: { note: text }, reason: text })
  return id
}

for (const text of PAYLOADS) {
  test(`nothing runs on the pages of its own: ${JSON.stringify(text)}`, async ({ page, api }) => {
    const id = await plant(api, text)
    const looks = ['timeline&sel=echo:1', 'graph', 'history&form=full', 'history&form=json', 'messages', 'replay&at=1']
    await lookAt(page, [
      ...looks.map((tab) => instancePath(id, `?tab=${tab}`)),
      `/instances?q=${encodeURIComponent(`id:${JSON.stringify(id)}`)}`,
      `/channels/${encodeURIComponent(text)}`,
      `/events?send=${encodeURIComponent(text)}&data=${encodeURIComponent(JSON.stringify(text))}`,
      `/audit?target=${encodeURIComponent(id)}`,
    ])
    await page.goto(instancePath(id))
    await expect(page.getByRole('region', { name: 'Verdict' })).toContainText('showcase.ended')
    // and as an error, whose text goes through other hands
    await api.send('showcase.ended', { text })
    await api.untilStatus(id, 'failed')
    await lookAt(page, [instancePath(id), `/instances?error=${encodeURIComponent(text)}`])
  })
}

test('nothing runs where many stand in one list', async ({ page, api }) => {
  for (const [index, payload] of PAYLOADS.entries()) {
    // texts of its own: an event ends whoever waits for its text
    const text = `${payload} (listed)`
    const id = await plant(api, text)
    if (index % 2 === 0) continue
    await api.send('showcase.ended', { text })
    await api.untilStatus(id, 'failed')
  }
  await lookAt(page, [
    '/instances',
    '/instances?status=failed',
    '/channels',
    '/channels?view=map',
    '/events',
    '/audit',
    '/attention',
    '/',
    '/workflows/showcase',
    '/workflows/showcase/start',
  ])
})

test('the page’s own policy stops an inline script even where one got in', async ({ page, troubles }) => {
  await page.goto('/workers')
  await page.evaluate(
    `document.body.insertAdjacentHTML('beforeend', '<img src="/missing.png" onerror="window.__ran=1">')`,
  )
  await expect.poll(() => troubles.some((trouble) => /Content Security Policy/.test(trouble))).toBe(true)
  expect(await page.evaluate('"__ran" in window')).toBe(false)
  troubles.length = 0
})
