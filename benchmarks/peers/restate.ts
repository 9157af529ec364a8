/**
 * Restate: its server from npm on loopback, storing what it must in a folder of its own (it takes no PostgreSQL), the service in this process over
 * HTTP/2, calls through its ingress. As many partitions as fit two cores instead of 24; telemetry off; everything else as delivered, flushed writes included.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as restate from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'
import type { Contender } from '../lib/work'
import { polled } from './poll'

// Its SDK is written for Node 22; this is all that it misses in 20.
Promise.withResolvers ??= <T>() => {
  let resolve: (value: T | PromiseLike<T>) => void = () => {}
  let reject: (reason?: unknown) => void = () => {}
  const promise = new Promise<T>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}

const awakeables = new Map<string, string>()

const service = restate.service({
  name: 'bench',
  handlers: {
    steps: async (ctx: restate.Context, n: number) => {
      let last: unknown
      for (let k = 0; k < n; k++) last = await ctx.run('step', () => ({ k }))
      return last
    },
    waits: async (ctx: restate.Context, key: string) => {
      const { id, promise } = ctx.awakeable<unknown>()
      awakeables.set(key, id)
      return promise
    },
  },
})

export async function open(): Promise<Contender> {
  const folder = mkdtempSync(path.join(tmpdir(), 'edda-bench-restate-'))
  const [endpoint, ingress, admin, node] = await freePorts(4)
  const server = startServer(folder, { ingress, admin, node })
  const http2 = (await import('node:http2')).createServer(
    restate.createEndpointHandler({ services: [service], logger: () => {} }) as Parameters<
      typeof import('node:http2').createServer
    >[1],
  )
  await new Promise<void>((resolve) => http2.listen(endpoint, '127.0.0.1', resolve))
  await polled(async () => {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`)
    const ready = await fetch(`http://127.0.0.1:${admin}/health`).catch(() => null)
    return ready?.ok ? { value: null } : undefined
  })
  await polled(async () => {
    const registered = await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://127.0.0.1:${endpoint}` }),
    }).catch(() => null)
    return registered?.ok ? { value: null } : undefined
  })
  const client = clients.connect({ url: `http://127.0.0.1:${ingress}` })
  const calls = client.serviceClient<typeof service>({ name: 'bench' })
  return {
    name: 'Restate',
    run: async (n) => calls.steps(n),
    wait: async (key) => {
      const result = Promise.resolve(calls.waits(key))
      result.catch(() => {})
      return async () => {
        const id = await polled(async () => (awakeables.has(key) ? { value: awakeables.get(key) } : undefined))
        await client.resolveAwakeable(String(id), { key })
        return result
      }
    },
    async close() {
      await stop(server)
      http2.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function startServer(folder: string, ports: { ingress: number; admin: number; node: number }): ChildProcess {
  const require = createRequire(import.meta.url)
  const binary = require.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
  const server = spawn(binary, ['--no-logo', '--base-dir', folder, '--default-num-partitions', '4'], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: {
      ...process.env,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: String(ports.node),
      RESTATE_INGRESS__BIND_PORT: String(ports.ingress),
      RESTATE_ADMIN__BIND_PORT: String(ports.admin),
      RESTATE_LISTEN_MODE: 'tcp',
    },
  })
  process.once('exit', () => server.kill('SIGKILL'))
  return server
}

async function stop(server: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  const late = setTimeout(() => server.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(late)
}

async function freePorts(count: number): Promise<[number, number, number, number]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer()
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports as [number, number, number, number]
}
