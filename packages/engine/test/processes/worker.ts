/**
 * A process of its own that runs an app over a shared database, as a service does: started by tests, killed by them. Settings come as JSON in the first
 * argument, orders over Node's channel; without one it only works. SIGTERM drains and exits with 0.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { EddaApp } from '../../src/index'
import { Death } from './death'
import { Gate } from './gate'
import { type CallLine, type Effect, monotonic, openLog } from './logs'
import type { Order, Report, Request, WorkerSettings } from './messages'
import { createWorkload } from './workload'

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings
const death = new Death(settings.dieAt)
const effects = death.watching(openLog<Effect>(path.join(settings.folder, 'effects.log')), 'effects')
const calls = death.watching(openLog<CallLine>(path.join(settings.folder, 'calls.log')), 'calls')
const gate = new Gate()
if (settings.holdsUntil) gate.shut()
const workerId = `${settings.name}-${process.pid}-${randomBytes(3).toString('hex')}`
const workflows = createWorkload({
  effects,
  worker: () => workerId,
  stepMs: settings.stepMs,
  held: () => gate.opened,
  holdsSessions: settings.holdsSessions,
  lockTimeoutSeconds: settings.leaseSeconds,
  hasLedger: settings.hasLedger,
})
const app = new EddaApp(
  {
    serviceName: settings.name,
    dbUrl: settings.dbUrl,
    workflows,
    worker: settings.isWorker,
    shutdownGrace: settings.graceSeconds,
    notifyFallbackInterval: settings.notifyFallbackSeconds,
    ...(settings.dbUrl.startsWith('file:') ? {} : { poolSize: settings.poolSize, maxOverflow: 0 }),
  },
  {
    settings: {
      workerId,
      pollIntervalMs: settings.pollMs,
      heartbeatMs: settings.heartbeatMs,
      deadAfterMs: settings.deadAfterMs,
      // a storm kills on purpose
      maxTakeovers: 1_000,
    },
  },
)

process.on('message', (request: Request) => {
  obey(request.order).then(
    (value) => tell({ type: 'done', number: request.number, value }),
    (error: unknown) => tell({ type: 'refused', number: request.number, error: String(error) }),
  )
})
process.on('SIGTERM', () => {
  const stopped = app.shutdown()
  if (settings.holdsUntil === 'stopped') gate.open()
  stopped.then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`shutdown failed: ${String(error)}\n`)
      process.exit(1)
    },
  )
})

app.initialize().then(
  () => tell({ type: 'ready', workerId, pid: process.pid }),
  (error: unknown) => {
    tell({ type: 'failed', error: String(error) })
    process.exitCode = 1
    process.disconnect?.()
  },
)

function tell(report: Report): void {
  // nobody listens any more when the test has ended
  process.send?.(report, undefined, undefined, () => undefined)
}

function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'start':
      return start(order.kind, order.input, order.id)
    case 'load':
      return load(order)
    case 'cancel':
      return called('cancel', order.id, () => app.cancel(order.id))
    case 'result':
      return called('result', order.id, () => endOf(order.id))
    case 'publish':
      return called('publish', order.channel, () => app.publish(order.channel, order.data))
    case 'replay':
      return replay(order.ids)
    case 'hold':
      return Promise.resolve(gate.shut())
    case 'release':
      return Promise.resolve(gate.open())
  }
}

async function load({ kinds, prefix, count }: Extract<Order, { do: 'load' }>): Promise<number> {
  const starts = Array.from({ length: count }, (_, n) => {
    const kind = kinds[n % kinds.length] ?? ''
    return start(kind, Math.floor(n / kinds.length), `${prefix}-${kind}-${n}`)
  })
  return (await Promise.all(starts)).length
}

function start(kind: string, input: unknown, id: string): Promise<string> {
  return called('start', id, async () => (await app.start(kind, input, { instanceId: id })).instanceId)
}

/** The status with which it ended. */
async function endOf(id: string): Promise<string> {
  try {
    await app.handle(id).result()
    return 'completed'
  } catch (error) {
    const name = (error as Error).name
    if (name === 'WorkflowFailedError') return 'failed'
    if (name === 'WorkflowCancelledError') return 'cancelled'
    throw error
  }
}

async function replay(ids: readonly string[]): Promise<unknown> {
  const replays: { instanceId: string; divergence: string | null }[] = []
  for (const instanceId of ids) {
    const { ok, divergence } = await app.dryReplay(instanceId)
    replays.push({ instanceId, divergence: ok ? null : (divergence?.message ?? 'it does not fit') })
  }
  return replays
}

/** Both sides of the call go into the client log, so that one that is never answered is known as such. */
async function called<Answer>(op: CallLine['op'], target: string, ask: () => Promise<Answer>): Promise<Answer> {
  const about = { pid: process.pid, call: randomBytes(8).toString('hex'), op, target }
  calls.append({ t: monotonic(), ...about, phase: 'ask' })
  try {
    const answer = await ask()
    calls.append({ t: monotonic(), ...about, phase: 'answer', outcome: 'ok', answer: String(answer) })
    return answer
  } catch (error) {
    // whether a call that lost its connection took effect is not known
    if (!/^(DatabaseError|DriverAdapterError|Error)/.test(String(error)))
      calls.append({ t: monotonic(), ...about, phase: 'answer', outcome: 'fail', answer: String(error).slice(0, 500) })
    throw error
  }
}
