/** Builders of history events and executions for tests of the core: what a test does not mention has a plain value. */
import type { Command, Outcome } from '../model/command'
import type { Log, WorkflowContext } from '../model/context'
import { type Workflow, workflow } from '../model/definition'
import type { HistoryData, HistoryEvent, HistoryEventType } from '../model/history'
import type { JsonValue } from '../model/json'
import { type ExecutionInit, WorkflowExecution } from '../replay/execution'

export const STARTED_AT = Date.UTC(2026, 0, 1)

export interface LogLine {
  readonly level: keyof Log
  readonly fields: object | string
  readonly message: string | undefined
}

/** A log that keeps what it was told. */
export function recordingLog(lines: LogLine[]): Log {
  const at = (level: keyof Log) => (fields: object | string, message?: string) => {
    lines.push({ level, fields, message })
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A workflow named `order`. */
export function workflowWith(fn: (ctx: WorkflowContext) => Promise<unknown>): Workflow {
  return workflow('order', async (ctx) => fn(ctx))
}

export function execution(definition: Workflow, given: Partial<ExecutionInit> = {}): WorkflowExecution {
  return new WorkflowExecution({
    definition,
    instanceId: 'order-1',
    workerId: 'w1',
    input: null,
    startedAt: STARTED_AT,
    log: silentLog,
    ...given,
  })
}

// ---------------------------------------------------------------- one workflow, run or replayed

export async function started(fn: (ctx: WorkflowContext) => Promise<unknown>): Promise<WorkflowExecution> {
  const run = execution(workflowWith(fn))
  await run.start()
  return run
}

export async function replayed(
  fn: (ctx: WorkflowContext) => Promise<unknown>,
  events: readonly HistoryEvent[],
): Promise<WorkflowExecution> {
  const run = execution(workflowWith(fn))
  await run.replay(events, [])
  return run
}

/** What the code asked for before it waits for something that never comes. */
export async function commands(fn: (ctx: WorkflowContext) => unknown): Promise<readonly Command[]> {
  const run = await started(async (ctx) => {
    await fn(ctx)
    await ctx.sleep(1, { timerId: 'end' })
  })
  return run.takeCommands().filter((command) => command.activityId !== 'end')
}

export async function outcome(
  fn: (ctx: WorkflowContext) => Promise<unknown>,
  events: readonly HistoryEvent[] = [],
): Promise<Outcome | undefined> {
  return (events.length === 0 ? await started(fn) : await replayed(fn, events)).outcome
}

/** The error that the call throws or rejects with. */
export async function refusal(
  fn: (ctx: WorkflowContext) => unknown,
  events: readonly HistoryEvent[] = [],
): Promise<unknown> {
  const ended = await outcome(async (ctx) => await fn(ctx), events)
  if (ended?.kind !== 'failed') throw new Error(`it was not refused: ${ended?.kind}`)
  return ended.error
}

// ---------------------------------------------------------------- events

type Given<Type extends HistoryEventType> = readonly [
  activityId: string,
  type: Type,
  data: HistoryData[Type],
  extra?: { readonly binary?: Uint8Array; readonly createdAt?: number },
]
export type GivenEvent = { [Type in HistoryEventType]: Given<Type> }[HistoryEventType]

/** Events numbered from 1, a second apart. */
export function history(...given: readonly GivenEvent[]): HistoryEvent[] {
  return given.map(([activityId, type, data, extra], index) => {
    const seq = index + 1
    // The tuple ties data to its type; an object literal of a union member cannot say so.
    return { seq, activityId, type, data, createdAt: STARTED_AT + seq * 1_000, ...extra } as HistoryEvent
  })
}

export function completed(activityId: string, result: JsonValue = null): Given<'ActivityCompleted'> {
  return [activityId, 'ActivityCompleted', { activityName: nameOf(activityId), input: null, result }]
}

export function failed(activityId: string, name = 'Error', message = 'refused'): Given<'ActivityFailed'> {
  return [activityId, 'ActivityFailed', { activityName: nameOf(activityId), input: null, error: { name, message } }]
}

export function expired(timerId: string): Given<'TimerExpired'> {
  return [timerId, 'TimerExpired', { timerId, dueAt: STARTED_AT }]
}

export function subscribed(channel: string, given: Partial<HistoryData['Subscribed']> = {}): Given<'Subscribed'> {
  return [`subscribe_${channel}:1`, 'Subscribed', { channel, mode: 'broadcast', cursor: 0, ...given }]
}

export function message(activityId: string, channel: string, data: JsonValue): Given<'ChannelMessageReceived'> {
  return [
    activityId,
    'ChannelMessageReceived',
    { id: `message-${activityId}`, channel, data, metadata: {}, publishedAt: STARTED_AT },
  ]
}

export function stateSet(n: number, state: JsonValue): Given<'StateSet'> {
  return [`state:${n}`, 'StateSet', { state }]
}

/** `charge:1` belongs to `charge`. */
function nameOf(activityId: string): string {
  return activityId.slice(0, activityId.lastIndexOf(':'))
}
