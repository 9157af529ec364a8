/**
 * Workflow code as data: one workflow function that interprets a program, so that properties can quantify over workflows. A program is what users write
 * (sequences, native combinators, races, try/catch/finally, loops, helpers) made of every call that the context has.
 *
 * The trace is what such code could observe, in order; it is part of the result, so two runs with equal outcomes saw the same.
 */
import type { WorkflowContext } from '../model/context'
import { type Activity, activity, compensation, type Workflow, workflow } from '../model/definition'
import type { ChannelMode } from '../model/history'
import type { JsonValue } from '../model/json'
import { STARTED_AT } from './builders'

export type Step =
  | { readonly do: 'activity'; readonly name: string }
  | { readonly do: 'run'; readonly name: string }
  | { readonly do: 'sleep'; readonly seconds: number }
  | { readonly do: 'sleepUntil'; readonly offsetMs: number }
  | { readonly do: 'waitEvent'; readonly type: string; readonly timeout: number | null }
  | { readonly do: 'receive'; readonly channel: string; readonly timeout: number | null }
  | { readonly do: 'subscribe'; readonly channel: string; readonly mode: ChannelMode }
  | { readonly do: 'unsubscribe'; readonly channel: string }
  | { readonly do: 'sendTo'; readonly target: string }
  | { readonly do: 'startChild' }
  | { readonly do: 'call' }
  | { readonly do: 'publish'; readonly channel: string }
  | { readonly do: 'setState'; readonly value: number }
  | { readonly do: 'setTags'; readonly value: string }
  | { readonly do: 'registerCompensation'; readonly args: number }
  | { readonly do: 'clearCompensations' }
  | { readonly do: 'patched'; readonly id: string; readonly body: Step; readonly otherwise: Step }
  | { readonly do: 'observe' }
  | { readonly do: 'log'; readonly text: string }
  | { readonly do: 'throw'; readonly text: string }
  | { readonly do: 'nothing' }
  | { readonly do: 'seq'; readonly steps: readonly Step[] }
  | { readonly do: 'helper'; readonly body: Step }
  | { readonly do: 'loop'; readonly times: number; readonly body: Step }
  | { readonly do: 'retry'; readonly times: number; readonly body: Step }
  | { readonly do: 'all' | 'allSettled' | 'any' | 'race' | 'ctxRace'; readonly branches: readonly Step[] }
  | { readonly do: 'try'; readonly body: Step; readonly handler: Step; readonly finalizer: Step }

const activities = new Map<string, Activity>()
const undo = compensation('undo', () => undefined)
const child = workflow('child', async () => null)

function activityNamed(name: string): Activity {
  const known = activities.get(name) ?? activity(name, () => null)
  activities.set(name, known)
  return known
}

/** The workflow that runs this program; its result is the trace. */
export function workflowOf(program: Step): Workflow<null, readonly string[]> {
  return workflow<null, readonly string[]>('program', async (ctx) => {
    const trace: string[] = []
    await new Interpreter(ctx, trace).run(program)
    return trace
  })
}

/** Every step of a program, itself included, outermost first. */
export function stepsOf(step: Step): Step[] {
  return [step, ...childrenOf(step).flatMap(stepsOf)]
}

/** The program with each step replaced by what `change` makes of it, innermost first. */
export function rewrite(step: Step, change: (step: Step) => Step): Step {
  const inner = (one: Step): Step => rewrite(one, change)
  switch (step.do) {
    case 'seq':
      return change({ ...step, steps: step.steps.map(inner) })
    case 'all':
    case 'allSettled':
    case 'any':
    case 'race':
    case 'ctxRace':
      return change({ ...step, branches: step.branches.map(inner) })
    case 'try':
      return change({
        ...step,
        body: inner(step.body),
        handler: inner(step.handler),
        finalizer: inner(step.finalizer),
      })
    case 'patched':
      return change({ ...step, body: inner(step.body), otherwise: inner(step.otherwise) })
    case 'helper':
    case 'loop':
    case 'retry':
      return change({ ...step, body: inner(step.body) })
    default:
      return change(step)
  }
}

function childrenOf(step: Step): readonly Step[] {
  switch (step.do) {
    case 'seq':
      return step.steps
    case 'all':
    case 'allSettled':
    case 'any':
    case 'race':
    case 'ctxRace':
      return step.branches
    case 'try':
      return [step.body, step.handler, step.finalizer]
    case 'patched':
      return [step.body, step.otherwise]
    case 'helper':
    case 'loop':
    case 'retry':
      return [step.body]
    default:
      return []
  }
}

class Interpreter {
  readonly #ctx: WorkflowContext
  readonly #trace: string[]

  constructor(ctx: WorkflowContext, trace: string[]) {
    this.#ctx = ctx
    this.#trace = trace
  }

  async run(step: Step): Promise<unknown> {
    switch (step.do) {
      case 'seq': {
        let last: unknown = null
        for (const one of step.steps) last = await this.run(one)
        return last
      }
      case 'helper':
        return this.#helper(step.body)
      case 'loop':
        for (let i = 0; i < step.times; i++) await this.run(step.body)
        return null
      case 'retry':
        return this.#retry(step.times, step.body)
      case 'try':
        return this.#try(step)
      case 'patched':
        return this.run(this.#ctx.patched(step.id) ? step.body : step.otherwise)
      case 'all':
      case 'allSettled':
      case 'any':
      case 'race':
      case 'ctxRace':
        return this.#combine(step.do, step.branches)
      case 'throw':
        throw new Error(step.text)
      case 'nothing':
        return null
      case 'log':
        this.#ctx.log.info({ text: step.text }, 'said')
        return null
      case 'observe':
        this.#trace.push(`${this.#ctx.now().getTime()} ${this.#ctx.random()} ${this.#ctx.uuid()}`)
        return null
      default:
        return this.#observed(step.do, this.#call(step))
    }
  }

  /** The promise of one call, just as the context made it, so that `ctx.race` can withdraw it. */
  #call(step: Step): Promise<unknown> {
    const ctx = this.#ctx
    switch (step.do) {
      case 'activity':
        return activityNamed(step.name)(ctx, { name: step.name })
      case 'run':
        return ctx.run(step.name, () => null)
      case 'sleep':
        return ctx.sleep(step.seconds)
      case 'sleepUntil':
        return ctx.sleepUntil(new Date(STARTED_AT + step.offsetMs))
      case 'waitEvent':
        return ctx.waitEvent(step.type, step.timeout === null ? {} : { timeout: step.timeout })
      case 'receive':
        return ctx.receive(step.channel, step.timeout === null ? {} : { timeout: step.timeout })
      case 'subscribe':
        return ctx.subscribe(step.channel, { mode: step.mode })
      case 'sendTo':
        return ctx.sendTo(step.target, { from: ctx.instanceId })
      case 'startChild':
        return ctx.startChild(child, null).then((handle) => handle.instanceId)
      case 'call':
        return ctx.call(child, null)
      case 'ctxRace':
        return this.#race(step.branches)
      default:
        return this.#inline(step) ?? this.run(step)
    }
  }

  #inline(step: Step): Promise<unknown> | undefined {
    const ctx = this.#ctx
    switch (step.do) {
      case 'unsubscribe':
        return ctx.unsubscribe(step.channel)
      case 'publish':
        return ctx.publish(step.channel, { at: ctx.now().getTime() })
      case 'setState':
        return Promise.resolve(ctx.setState({ value: step.value }))
      case 'setTags':
        return Promise.resolve(ctx.setTags({ tag: step.value }))
      case 'registerCompensation':
        return ctx.registerCompensation(undo, step.args)
      case 'clearCompensations':
        return ctx.clearCompensations()
      default:
        return undefined
    }
  }

  #race(branches: readonly Step[]): Promise<unknown> {
    return this.#ctx.race(Object.fromEntries(branches.map((branch, i) => [`b${i}`, this.#call(branch)])))
  }

  #combine(how: 'all' | 'allSettled' | 'any' | 'race' | 'ctxRace', branches: readonly Step[]): Promise<unknown> {
    if (how === 'ctxRace') return this.#observed(how, this.#race(branches))
    const running = branches.map((branch) => this.run(branch))
    const combined: Promise<unknown> =
      how === 'all'
        ? Promise.all(running)
        : how === 'any'
          ? Promise.any(running)
          : how === 'race'
            ? Promise.race(running)
            : Promise.allSettled(running)
    return this.#observed(how, combined)
  }

  async #helper(body: Step): Promise<unknown> {
    const inner = async (): Promise<unknown> => {
      const result = await this.run(body)
      await null
      return result
    }
    return await inner()
  }

  async #retry(times: number, body: Step): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.run(body)
      } catch (error) {
        if (attempt >= times) throw error
        await this.#ctx.sleep(attempt)
      }
    }
  }

  async #try(step: Extract<Step, { do: 'try' }>): Promise<unknown> {
    try {
      const result = await this.run(step.body)
      this.#trace.push('done')
      return result
    } catch (error) {
      this.#trace.push(`caught ${describe(error)}`)
      return await this.run(step.handler)
    } finally {
      this.#trace.push('finally')
      await this.run(step.finalizer)
    }
  }

  async #observed(what: string, promise: Promise<unknown>): Promise<unknown> {
    try {
      const value = await promise
      this.#trace.push(`${what} -> ${JSON.stringify(plain(value))}`)
      return value
    } catch (error) {
      this.#trace.push(`${what} threw ${describe(error)}`)
      throw error
    }
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` because ${describe(error.cause)}`
  return `${error.constructor.name}/${error.name}: ${error.message}${cause}`
}

/** Settled results carry errors, which have no JSON form of their own. */
function plain(value: unknown): JsonValue | undefined {
  return JSON.parse(
    JSON.stringify(value ?? null, (_key, member: unknown) => (member instanceof Error ? describe(member) : member)),
  ) as JsonValue
}
