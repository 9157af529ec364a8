/**
 * Thousands of requests from a grammar of right and wrong: none is answered with 5xx, none that was refused has an effect, each that was accepted has
 * exactly the effects of its events. `EDDA_FUZZ=1000000 npx vitest run packages/engine/src/http-fuzz.test.ts` for a long run.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { type Shot, shot } from '../test/events/grammar'
import { listen, serve } from '../test/events/served'
import { temporaryFolder } from '../test/temporary'
import { decodeRequest } from './cloud-events/http'
import type { Fetch } from './http'
import { workflow } from './model/definition'
import { createPrismaStorage } from './storage/prisma/prisma-storage'
import type { VirtualClock } from './testing/virtual-clock'

const RUNS = Number(process.env.EDDA_FUZZ ?? 20_000)
const ON_SOCKETS = Math.min(300, RUNS)
const ON_SQLITE = Math.min(1_000, RUNS)
const TIMEOUT_MS = 60_000 + RUNS * 20
const WORKFLOWS = [
  workflow('echo', { eventHandler: true }, async (_ctx, input: unknown) => input),
  workflow('strict', { eventHandler: true, input: z.object({ n: z.number() }) }, async (_ctx, { n }) => n),
]

/** What the grammar makes that no `Request` can carry is not a request. */
function toRequest({ method, path, headers, body }: Shot): Request | null {
  try {
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const pairs = headers.map(([name, value]) => [name, value] as [string, string])
    return new Request(`http://edda.test${path}`, { method, headers: pairs, ...(hasBody ? { body } : {}) })
  } catch {
    return null
  }
}

/** Runs the shots one after another; `effects` counts what is stored. */
async function fire(runs: number, fetch: Fetch, effects: () => Promise<{ inbox: number; messages: number }>) {
  const statuses: Record<number, number> = {}
  const known = new Set<string>()
  let before = await effects()
  const property = fc.asyncProperty(shot, async (one) => {
    const request = toRequest(one)
    if (!request) return
    const { headers } = request
    const { status } = await fetch(request)
    statuses[status] = (statuses[status] ?? 0) + 1
    expect(status).toBeLessThan(500)
    const after = await effects()
    const grown = after.inbox - before.inbox
    expect(after.messages - before.messages).toBe(grown)
    before = after
    if (status !== 202) {
      expect(grown).toBe(0)
      return
    }
    const { events } = decodeRequest(headers, one.body)
    const fresh = events.map(({ source, id }) => `${source}\n${id}`).filter((key) => !known.has(key))
    for (const key of fresh) known.add(key)
    expect(grown).toBe(new Set(fresh).size)
  })
  await fc.assert(property, { numRuns: runs, endOnFailure: true })
  return statuses
}

/** Cheap to ask for after every request: the numbers of rows, not the rows. */
function counting(storage: Awaited<ReturnType<typeof serve>>['storage']) {
  return async () => {
    const [newest] = await storage.inbox({ limit: 1 })
    const messages = (await storage.channelStats()).reduce((sum, { nextSeq }) => sum + nextSeq - 1, 0)
    return { inbox: newest?.seq ?? 0, messages }
  }
}

it(
  `${RUNS} requests: no 5xx, no effect of what is refused, one of each event that is accepted`,
  async () => {
    const { fetch, storage, errors } = await serve({ workflows: WORKFLOWS })
    const statuses = await fire(RUNS, fetch, counting(storage))
    expect(errors).toEqual([])
    // the grammar must reach every answer, or it proves nothing
    expect(Object.keys(statuses).map(Number)).toEqual(expect.arrayContaining([200, 202, 204, 400, 405, 413, 415]))
    expect(statuses[202]).toBeGreaterThan(RUNS / 20)
  },
  TIMEOUT_MS,
)

it(
  `${ON_SQLITE} of them over SQLite`,
  async () => {
    const makeStorage = async (clock: VirtualClock) =>
      createPrismaStorage({ dbUrl: `file:${temporaryFolder()}/edda.db`, clock, synchronous: 'NORMAL' })
    const { fetch, storage, errors } = await serve({ workflows: WORKFLOWS, makeStorage })
    const statuses = await fire(ON_SQLITE, fetch, counting(storage))
    expect(errors).toEqual([])
    expect(statuses[202]).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)

it(
  `${ON_SOCKETS} of them over sockets`,
  async () => {
    const { fetch: own, storage, errors } = await serve({ workflows: WORKFLOWS })
    const { url } = await listen(own)
    const overSocket: Fetch = async (request) => {
      const { pathname, search } = new URL(request.url)
      const body = request.method === 'GET' || request.method === 'HEAD' ? null : await request.arrayBuffer()
      return fetch(`${url}${pathname}${search}`, { method: request.method, headers: request.headers, body })
    }
    const statuses = await fire(ON_SOCKETS, overSocket, counting(storage))
    expect(errors).toEqual([])
    expect(statuses[202]).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)
