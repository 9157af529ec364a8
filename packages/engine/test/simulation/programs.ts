/**
 * Random workflow programs as data, and the one workflow that interprets them. A program ends by itself whatever happens (every wait has a timeout), and
 * unless it races or listens its result follows from its input alone.
 */
import {
  type ActivityContext,
  activity,
  type Compensation,
  compensation,
  type RetryPolicy,
  TerminalError,
  type Workflow,
  type WorkflowContext,
  workflow,
} from '../../src/index'
import type { Expectations } from '../processes/checker/evidence'
import type { Random } from '../processes/random'

export type Step =
  | { readonly do: 'act'; readonly n: number; readonly fails: number; readonly ms: number }
  | { readonly do: 'sleep'; readonly seconds: number }
  | { readonly do: 'all' | 'race'; readonly branches: readonly Step[] }
  | { readonly do: 'reserve'; readonly n: number; readonly ms: number }
  | { readonly do: 'child'; readonly steps: readonly Step[] }
  | { readonly do: 'receive'; readonly channel: Channel; readonly timeout: number }
  | { readonly do: 'publish'; readonly channel: Channel; readonly n: number }
  | { readonly do: 'state'; readonly n: number }
  | { readonly do: 'fail' }

export type Channel = 'news' | 'jobs'
export const CHANNELS: readonly Channel[] = ['news', 'jobs']

export interface Program {
  readonly steps: readonly Step[]
  /** How often it goes on as a new instance. */
  readonly recurs: number
}

/** What an activity of a program does to its surroundings; made by the simulation. */
export interface Surroundings {
  /** Takes so long; never ends when its process dies. */
  work(ms: number): Promise<void>
  /** Writes the effect log around the body. */
  observed<Output>(name: string, ctx: ActivityContext, body: () => Promise<Output>): Promise<Output>
}

export const LEASE_SECONDS = 10
const RETRY: RetryPolicy = { initialInterval: 0.5, backoffCoefficient: 2, maxInterval: 4, maxAttempts: 30 }
const UNDO: RetryPolicy = { initialInterval: 1, backoffCoefficient: 1, maxAttempts: 30 }
/** After this a sleep is measured in the effect log. */
export const NAP_SECONDS = 3

export const EXPECTATIONS: Expectations = {
  policies: { act: { maxAttempts: 30, delayMs: (attempt) => Math.min(500 * 2 ** (attempt - 1), 4_000) } },
  gaps: { napping: { after: 'act:1', before: 'act:2', ms: NAP_SECONDS * 1_000 } },
  ledgerActivities: new Set(),
}

// ---------------------------------------------------------------- random programs

export function randomProgram(random: Random): Program {
  const steps = Array.from({ length: 1 + random.below(6) }, () => randomStep(random, 2))
  if (random.chance(0.2)) steps.push({ do: 'fail' })
  return { steps, recurs: random.chance(0.15) ? 1 + random.below(2) : 0 }
}

function randomStep(random: Random, depth: number): Step {
  const n = random.below(100)
  const ms = random.below(4_000)
  const branches = (): Step[] => Array.from({ length: 2 + random.below(2) }, () => randomStep(random, depth - 1))
  const leaves: readonly (() => Step)[] = [
    () => ({ do: 'act', n, fails: random.chance(0.3) ? 1 + random.below(3) : 0, ms }),
    () => ({ do: 'act', n, fails: 0, ms }),
    () => ({ do: 'sleep', seconds: random.below(40) / 2 }),
    () => ({ do: 'reserve', n, ms }),
    () => ({ do: 'receive', channel: random.pick(CHANNELS), timeout: 1 + random.below(20) }),
    () => ({ do: 'publish', channel: random.pick(CHANNELS), n }),
    () => ({ do: 'state', n }),
  ]
  if (depth === 0) return random.pick(leaves.slice(0, 5))()
  const nodes: readonly (() => Step)[] = [
    () => ({ do: 'all', branches: branches() }),
    () => ({ do: 'race', branches: racers(random) }),
    () => ({ do: 'child', steps: branches() }),
  ]
  return random.chance(0.35) ? random.pick(nodes)() : random.pick(leaves)()
}

/** `ctx.race` takes the context's own promises. */
function racers(random: Random): Step[] {
  return [
    { do: 'act', n: random.below(100), fails: 0, ms: random.below(6_000) },
    { do: 'sleep', seconds: 1 + random.below(6) },
    ...(random.chance(0.5) ? [{ do: 'receive' as const, channel: 'news' as const, timeout: 30 }] : []),
  ]
}

/** How it must end; undefined where that is for the others to decide. */
export function expectedEnd({ steps }: Program): { readonly status: string; readonly output: unknown } | undefined {
  const values: unknown[] = []
  for (const step of steps) {
    if (step.do === 'fail') return { status: 'failed', output: null }
    const value = resultOf(step)
    if (value === undefined) return undefined
    values.push(value)
  }
  return { status: 'completed', output: values }
}

function resultOf(step: Step): unknown {
  switch (step.do) {
    case 'act':
    case 'reserve':
      return step.n
    case 'sleep':
    case 'publish':
    case 'state':
      return null
    case 'all':
      return resultsOf(step.branches)
    case 'child':
      return resultsOf(step.steps)
    default:
      return undefined
  }
}

function resultsOf(steps: readonly Step[]): unknown {
  const results = steps.map(resultOf)
  return results.includes(undefined) ? undefined : results
}

// ---------------------------------------------------------------- the interpreter

export function createPrograms(around: Surroundings): readonly Workflow[] {
  const parts = activitiesOf(around)
  const lease = { lockTimeoutSeconds: LEASE_SECONDS }
  const child = workflow('child', lease, async (ctx, steps: readonly Step[]) => runAll(ctx, steps))
  const interpreter = new Interpreter(parts, () => child as Workflow)
  const runAll = async (ctx: WorkflowContext, steps: readonly Step[]): Promise<unknown[]> => {
    await ctx.subscribe('news', { mode: 'broadcast' })
    await ctx.subscribe('jobs', { mode: 'competing' })
    const values: unknown[] = []
    for (const step of steps) values.push(await interpreter.run(ctx, step))
    return values
  }
  const program = workflow('program', lease, async (ctx, { steps, recurs }: Program) => {
    const values = await runAll(ctx, steps)
    if (recurs > 0) await ctx.recur({ steps, recurs: recurs - 1 })
    return values
  })
  const napping = workflow('napping', lease, async (ctx, n: number) => {
    const first = await parts.act(ctx, { n, fails: 0, ms: 200 })
    await ctx.sleep(NAP_SECONDS)
    return await parts.act(ctx, { n: first + 1, fails: 0, ms: 200 })
  })
  return [program, child, napping] as readonly Workflow[]
}

type Parts = ReturnType<typeof activitiesOf>

class Interpreter {
  readonly #parts: Parts
  readonly #child: () => Workflow

  constructor(parts: Parts, child: () => Workflow) {
    this.#parts = parts
    this.#child = child
  }

  async run(ctx: WorkflowContext, step: Step): Promise<unknown> {
    switch (step.do) {
      case 'all':
        return Promise.all(step.branches.map((branch) => this.run(ctx, branch)))
      case 'race': {
        const branches = step.branches.map((branch, index) => [`b${index}`, this.#call(ctx, branch)] as const)
        return (await ctx.race(Object.fromEntries(branches))).key
      }
      case 'child':
        return ctx.call(this.#child(), step.steps)
      case 'publish':
        await ctx.publish(step.channel, { n: step.n })
        return null
      case 'state':
        ctx.setState({ n: step.n })
        return null
      case 'fail':
        throw new TerminalError('as it was told')
      default:
        return (await this.#call(ctx, step)) ?? null
    }
  }

  #call(ctx: WorkflowContext, step: Step): Promise<unknown> {
    switch (step.do) {
      case 'act':
        return this.#parts.act(ctx, { n: step.n, fails: step.fails, ms: step.ms })
      case 'reserve':
        return this.#parts.reserve(ctx, { n: step.n, ms: step.ms })
      case 'sleep':
        return ctx.sleep(step.seconds)
      case 'receive':
        return ctx.receive(step.channel, { timeout: step.timeout }).then(
          (message) => message.id,
          (error: Error) => error.name,
        )
      default:
        throw new Error(`${step.do} is no call`)
    }
  }
}

function activitiesOf(around: Surroundings) {
  const undo: Compensation<unknown> = compensation('undo', { retry: UNDO }, (ctx) =>
    around.observed('undo', ctx, async () => {
      await around.work(700)
      if (ctx.attempt === 1 && ctx.activityId.endsWith('2')) throw new Error('not at once')
      return null
    }),
  )
  const act = activity('act', { retry: RETRY }, (ctx, input: { n: number; fails: number; ms: number }) =>
    around.observed('act', ctx, async () => {
      await around.work(input.ms)
      if (ctx.attempt <= input.fails) throw new Error(`attempt ${ctx.attempt}`)
      return input.n
    }),
  )
  const reserve = activity('reserve', { retry: RETRY, onFailure: undo }, (ctx, input: { n: number; ms: number }) =>
    around.observed('reserve', ctx, async () => {
      await around.work(input.ms)
      return input.n
    }),
  )
  return { act, reserve }
}
