/** The one place with a socket. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { addressOf, listen } from './server'

const api = {
  fetch: async (request: Request, env?: object) =>
    new Response(`${new URL(request.url).pathname} ${addressOf(request, env)}`),
}
const here = { host: '127.0.0.1', port: 0 }

test('answers, and ends although a connection is open', async () => {
  const server = await listen(api, here)
  expect(await (await fetch(`http://127.0.0.1:${server.port}/a`)).text()).toBe('/a 127.0.0.1')
  const idle = connect(server.port, '127.0.0.1')
  await new Promise((resolve) => idle.once('connect', resolve))
  const ended = new Promise((resolve) => idle.once('close', resolve))
  await server.close()
  await ended
})

test('a header that is too large is refused', async () => {
  const server = await listen(api, here)
  const answer = await fetch(`http://127.0.0.1:${server.port}/`, { headers: { 'x-large': 'x'.repeat(20_000) } })
  expect(answer.status).toBe(431)
  await server.close()
})

test('a taken port and an address of another machine are told in words', async () => {
  const server = await listen(api, here)
  await expect(listen(api, { host: '127.0.0.1', port: server.port })).rejects.toThrow(
    `Port ${server.port} on 127.0.0.1 is taken: stop what listens there, or choose another one with EDDA_PORT`,
  )
  await expect(listen(api, { host: '192.0.2.1', port: 0 })).rejects.toThrow(
    'This machine has no address 192.0.2.1: correct EDDA_HOST',
  )
  await server.close()
})
