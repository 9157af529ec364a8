/**
 * Sample traffic, so that a fresh start shows something: orders, pictures, payments, expenses and jobs, sent through the public HTTP API like anybody
 * else's. Lively for two minutes, then calm, so that a process left alone for a week fills no disk.
 */
export interface Traffic {
  stop(): void
}

export interface TrafficOptions {
  /** Where the API listens, e.g. `http://127.0.0.1:8001`. */
  readonly baseUrl: string
  readonly onError: (error: unknown) => void
  readonly fetch?: typeof fetch
}

const LIVELY_MS = 1_200
const LIVELY_ROUNDS = 100
const CALM_MS = 15_000
const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Margaret', 'Tony', 'Frances']
const CONSUMERS = ['north', 'south', 'east']

type Send = (path: string, body: object, contentType?: string) => Promise<void>

export function startTraffic({ baseUrl, onError, fetch: post = fetch }: TrafficOptions): Traffic {
  const controller = new AbortController()
  // ids of a later start must not meet those of an earlier one
  const run = Date.now().toString(36)
  let timer: NodeJS.Timeout | undefined
  let round = 0

  const send: Send = async (path, body, contentType = 'application/json') => {
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(10_000)])
    const answer = await post(new URL(path, baseUrl), {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: JSON.stringify(body),
      signal,
    })
    await answer.arrayBuffer()
    // an instance that is there already, from an earlier start, is what we want
    if (!answer.ok && answer.status !== 409) throw new Error(`Sample traffic: ${path} answered ${answer.status}`)
  }
  const turn = async (): Promise<void> => {
    try {
      if (round === 0) await beginnings(send)
      await nextRound(send, run, ++round)
    } catch (error) {
      if (!controller.signal.aborted) onError(error)
    }
    if (!controller.signal.aborted) timer = setTimeout(() => void turn(), round < LIVELY_ROUNDS ? LIVELY_MS : CALM_MS)
  }
  void turn()
  return {
    stop() {
      controller.abort()
      clearTimeout(timer)
    },
  }
}

function start(send: Send, workflowName: string, input: object, instanceId?: string): Promise<void> {
  return send('/trpc/instances.start', {
    json: { workflowName, input, ...(instanceId ? { instanceId } : {}), reason: 'sample traffic' },
  })
}

function emit(send: Send, type: string, id: string, data: object): Promise<void> {
  return send(
    '/',
    { specversion: '1.0', type, source: '/samples', id, datacontenttype: 'application/json', data },
    'application/cloudevents+json',
  )
}

async function beginnings(send: Send): Promise<void> {
  for (const name of CONSUMERS) await start(send, 'jobConsumer', { name }, `consumer-${name}`)
  await start(send, 'nightlyReport', { night: 1 }, 'nightly-report')
}

async function nextRound(send: Send, run: string, round: number): Promise<void> {
  const id = `${run}-${round}`
  const name = NAMES[round % NAMES.length] ?? 'Ada'
  const kind = round % 6
  if (kind === 0 || kind === 3) {
    const lines = Array.from({ length: 1 + (round % 4) }, (_, line) => ({
      sku: `SKU-${(round * 7 + line) % 90}`,
      quantity: 1 + (line % 3),
    }))
    const customer = { name, email: `${name.toLowerCase()}@example.com` }
    const shipping = round % 2 === 0 ? 'express' : 'standard'
    await start(send, 'order', { orderId: `A-${id}`, customer, lines, total: 20 + (round % 17) * 9.5, shipping })
  }
  if (kind === 1) await start(send, 'flakyPayment', { paymentId: `pay-${id}`, amount: 5 + round, currency: 'EUR' })
  if (kind === 2)
    await start(send, 'thumbnails', {
      picture: `holiday-${id}.jpg`,
      sizes: [64, 128, 320, 640, 1_280].slice(0, 2 + (round % 4)),
    })
  if (kind === 4)
    await emit(send, 'expense.submitted', `submitted-${id}`, {
      id: `E-${id}`,
      employee: name,
      amount: 10 + round,
      purpose: 'travel',
    })
  if (kind === 5) await start(send, 'jobBatch', { name: `batch-${id}`, jobs: 4 + (round % 5) })
  // most expenses are decided a minute later, some wait for whoever looks at the dashboard
  const earlier = round - 36
  if (earlier > 0 && earlier % 6 === 4 && earlier % 4 !== 0) {
    const expense = { id: `E-${run}-${earlier}` }
    await emit(send, 'expense.decided', `decided-${id}`, { expense, approved: earlier % 5 !== 0, by: 'Grace' })
  }
}
