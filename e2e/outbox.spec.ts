import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Api } from './support/api'
import { type OwnServers, startServers } from './support/servers'
import { expect, test } from './support/test'

let broker: Server
let accepts = false
let received: string[] = []
let servers: OwnServers

test.beforeEach(async () => {
  accepts = false
  received = []
  broker = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (accepts) received.push(Buffer.concat(chunks).toString('utf8'))
      response.writeHead(accepts ? 202 : 503).end('the broker is being moved')
    })
  }).listen(0, '127.0.0.1')
  await once(broker, 'listening')
  servers = await startServers({ EDDA_BROKER_URL: `http://127.0.0.1:${(broker.address() as AddressInfo).port}/` })
})
test.afterEach(async ({ page }) => {
  await page.close()
  await servers.stop()
  broker.close()
})

test('a dead letter is found, read, and redriven when the broker is back', async ({ page }) => {
  const api = new Api(servers.apiUrl)
  const id = await api.start('parcel', { parcel: 'P-7' })
  await page.goto(`${servers.dashboardUrl}/outbox`)
  const row = page.getByRole('table', { name: 'Outbox events' }).getByRole('row', { name: /parcel\.sent/ })
  await expect(row).toContainText('Dead letter', { timeout: 60_000 })

  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /Needs attention/ })
    .click()
  await expect(page.getByRole('heading', { name: /^Dead letters/ })).toBeVisible()
  await page.getByRole('link', { name: /parcel\.sent/ }).click()
  const sheet = page.getByRole('dialog', { name: 'parcel.sent' })
  await expect(sheet).toContainText('503')
  await expect(sheet).toContainText('P-7')
  await expect(sheet.getByRole('link', { name: id })).toBeVisible()

  accepts = true
  await sheet.getByRole('button', { name: /^Redrive/ }).click()
  await page
    .getByRole('dialog', { name: /^Redrive/ })
    .getByRole('button', { name: 'Redrive', exact: true })
    .click()
  await expect(sheet).toContainText('Published')
  expect(received.map((text) => (JSON.parse(text) as { data: unknown }).data)).toEqual([{ parcel: 'P-7' }])
  await page.goto(`${servers.dashboardUrl}/attention`)
  await expect(page.getByRole('heading', { name: 'Nothing needs you' })).toBeVisible()
})
