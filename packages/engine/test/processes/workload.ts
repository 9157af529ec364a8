/**
 * What the worker processes run: small workflows of every shape, whose activities write the effect log and whose results follow from their input alone.
 * Real time, since these are real processes: an activity takes a few ms, so that a kill finds many of them half done.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ActivityContext,
  activity,
  type Compensation,
  compensation,
  type RetryPolicy,
  type Workflow,
  type WorkflowContext,
  workflow,
} from '../../src/index'
import type { ActivityOptions } from '../../src/model/definition'
import type { Expectations } from './checker/evidence'
import { type Effect, hashOf, type LogFile, monotonic } from './logs'

export interface WorkloadOptions {
  readonly effects: LogFile<Effect>
  /** Who runs it; known once the app is made. */
  readonly worker: () => string
  /** How long each activity takes, in ms. */
  readonly stepMs?: number
  /** What every activity waits for once it has begun. */
  readonly held?: () => Promise<void> | undefined
  readonly holdsSessions?: boolean | undefined
  readonly lockTimeoutSeconds?: number
  /** Whether there is SQL, and in it the table {@link LEDGER}. */
  readonly hasLedger?: boolean
}

/** Keeps one row for each completed `book`: written by the activity, in the engine's own transaction. */
export const LEDGER = 'CREATE TABLE ledger (idempotency_key VARCHAR(191) PRIMARY KEY, epoch INTEGER NOT NULL)'

const QUICK: RetryPolicy = { initialInterval: 0.02, backoffCoefficient: 1, maxAttempts: 50 }
/** Ends after its attempts, and its workflow with it. */
const SHORT: RetryPolicy = { initialInterval: 0.02, backoffCoefficient: 2, maxAttempts: 3 }
const NAP_MS = 400

export const EXPECTATIONS: Expectations = {
  policies: {
    shaky: { maxAttempts: 50, delayMs: () => 20 },
    refused: { maxAttempts: 3, delayMs: (attempt) => 20 * 2 ** (attempt - 1) },
  },
  gaps: { napping: { after: 'step:1', before: 'step:2', ms: NAP_MS } },
  ledgerActivities: new Set(['book']),
}

export type Kind = 'sequence' | 'napping' | 'fan-out' | 'racing' | 'trip' | 'counting' | 'family' | 'booking'
export const KINDS: readonly Kind[] = ['sequence', 'napping', 'fan-out', 'racing', 'trip', 'counting', 'family']

/** How an instance of this input must end, told without running it. */
export function expectedEnd(
  kind: string,
  n: number,
): { readonly status: string; readonly outputs: readonly unknown[] } {
  const completed = (...outputs: unknown[]) => ({ status: 'completed', outputs })
  switch (kind) {
    case 'sequence':
      return completed(n + 5)
    case 'napping':
      return completed(n + 2)
    case 'fan-out':
      return completed([n + 1, n + 2, n + 3, n + 4, n + 5, n + 6])
    case 'racing':
      return completed('quick', 'slow', 'nap')
    case 'trip':
      return isRefused(n) ? { status: 'failed', outputs: [null] } : completed(n + 3)
    case 'counting':
      return completed(n + 3)
    case 'family':
      return completed([n + 1, n + 2])
    case 'booking':
      return completed([`${n}-a`, `${n}-b`])
    default:
      throw new Error(`No workflow ${kind}`)
  }
}

export function createWorkload(options: WorkloadOptions): readonly Workflow[] {
  const { hasLedger = false, lockTimeoutSeconds = 300 } = options
  const lease = { lockTimeoutSeconds }
  const parts = activitiesOf(options)
  const { step, shaky } = parts
  const sequence = workflow('sequence', lease, async (ctx, n: number) => {
    let sum = await step(ctx, n)
    sum = await shaky(ctx, sum)
    for (let i = 0; i < 3; i++) sum = await step(ctx, sum)
    return sum
  })
  const napping = workflow('napping', lease, async (ctx, n: number) => {
    const first = await step(ctx, n)
    await ctx.sleep(NAP_MS / 1_000)
    return await step(ctx, first)
  })
  const fanOut = workflow('fan-out', lease, async (ctx, n: number) =>
    Promise.all([1, 2, 3, 4, 5, 6].map((add) => (add % 3 === 0 ? shaky : step)(ctx, n + add - 1))),
  )
  return [
    sequence,
    napping,
    fanOut,
    racing(lease, parts),
    trip(lease, parts),
    counting(lease, parts),
    ...family(lease, parts),
    ...(hasLedger ? [booking(lease, parts)] : []),
  ] as readonly Workflow[]
}

type Lease = { readonly lockTimeoutSeconds: number }
type Parts = ReturnType<typeof activitiesOf>

function racing(lease: Lease, { step, slow }: Parts): Workflow<number, string> {
  return workflow('racing', lease, async (ctx, n: number) => {
    const won = await ctx.race({ quick: step(ctx, n), slow: slow(ctx, n), nap: ctx.sleep(0.5) })
    await step(ctx, n)
    return won.key
  })
}

/** Two trips of three. */
function isRefused(n: number): boolean {
  return n % 3 !== 0
}

/** Three bookings, each undone last first when the fourth is refused. */
function trip(lease: Lease, { reserve, refused, step }: Parts): Workflow<number, number> {
  return workflow('trip', lease, async (ctx, n: number) => {
    const all = [await reserve(ctx, n), ...(await Promise.all([reserve(ctx, n + 1), reserve(ctx, n + 2)]))]
    if (isRefused(n)) await refused(ctx, n)
    await step(ctx, n)
    return n + all.length
  })
}

/** Goes on as a new instance until it has counted to three. */
function counting(lease: Lease, { step }: Parts): Workflow<number | { n: number; left: number }, number> {
  return workflow('counting', lease, async (ctx: WorkflowContext, input: number | { n: number; left: number }) => {
    const { n, left } = typeof input === 'number' ? { n: input, left: 2 } : input
    const next = await step(ctx, n)
    if (left > 0) await ctx.recur({ n: next, left: left - 1 })
    return next
  })
}

function family(lease: Lease, { step }: Parts): readonly Workflow[] {
  const child = workflow('child', lease, async (ctx, n: number) => await step(ctx, n))
  const parent = workflow('family', lease, async (ctx, n: number) => {
    const started = await ctx.startChild(child, n)
    const second = await ctx.call(child, n + 1)
    return [await started.result(), second]
  })
  return [child, parent] as readonly Workflow[]
}

function booking(lease: Lease, { book }: Parts): Workflow<number, string[]> {
  return workflow('booking', lease, async (ctx, n: number) => [await book(ctx, `${n}-a`), await book(ctx, `${n}-b`)])
}

function activitiesOf(options: WorkloadOptions) {
  const { stepMs = 20, held = () => undefined } = options
  const pause = async (): Promise<void> => {
    await held()
    await sleep(stepMs * (0.5 + Math.random()))
  }
  const logged = <Input, Output>(
    name: string,
    settings: ActivityOptions<Input, Output>,
    body: (ctx: ActivityContext, input: Input) => Promise<Output>,
  ) => activity(name, settings, (ctx, input: Input) => write(options, name, ctx, () => body(ctx, input)))
  const undo: Compensation<unknown> = compensation('undo', { retry: QUICK }, (ctx) =>
    write(options, 'undo', ctx, async () => {
      await pause()
      if (ctx.attempt === 1) throw new Error('not at once')
      return null
    }),
  )
  const addOne = async (_ctx: ActivityContext, n: number): Promise<number> => {
    await pause()
    return n + 1
  }
  return {
    step: logged('step', {}, addOne),
    shaky: logged('shaky', { retry: QUICK }, async (ctx, n: number) => {
      await pause()
      if (ctx.attempt < 3) throw new Error(`not yet, attempt ${ctx.attempt}`)
      return n + 1
    }),
    slow: logged('slow', {}, async (ctx, n: number) => {
      await sleep(stepMs * 10, undefined, { signal: ctx.signal })
      return n
    }),
    reserve: logged('reserve', { onFailure: undo }, addOne),
    refused: logged('refused', { retry: SHORT }, async (_ctx, n: number): Promise<number> => {
      await pause()
      throw new Error(`no seat for ${n}`)
    }),
    book: logged('book', { retry: QUICK }, async (ctx, name: string) => {
      if (!options.holdsSessions) await held()
      await ctx.session.$executeRawUnsafe(
        `INSERT INTO ledger (idempotency_key, epoch) VALUES ('${ctx.idempotencyKey}', ${ctx.fencingToken})`,
      )
      await pause()
      return name
    }),
  }
}

/** One line before the body, one after it. */
async function write<Output>(
  { effects, worker }: Pick<WorkloadOptions, 'effects' | 'worker'>,
  name: string,
  ctx: ActivityContext,
  body: () => Promise<Output>,
): Promise<Output> {
  const about = {
    pid: process.pid,
    worker: worker(),
    instance: ctx.instanceId,
    activityId: ctx.activityId,
    name,
    attempt: ctx.attempt,
    idempotencyKey: ctx.idempotencyKey,
    epoch: ctx.fencingToken,
  }
  effects.append({ t: monotonic(), ...about, kind: 'begin', hash: '' })
  try {
    const value = await body()
    effects.append({ t: monotonic(), ...about, kind: 'end', hash: hashOf(value) })
    return value
  } catch (error) {
    effects.append({ t: monotonic(), ...about, kind: 'throw', hash: hashOf(String(error)) })
    throw error
  }
}
