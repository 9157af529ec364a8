/** What is said while history is replayed, and what workflow code may know of it. */
import { describe, expect, test } from 'vitest'
import type { WorkflowContext } from '../model/context'
import { activity } from '../model/definition'
import type { HistoryEvent } from '../model/history'
import {
  completed,
  execution,
  history,
  type LogLine,
  recordingLog,
  replayed,
  started,
  workflowWith,
} from '../testing/builders'

const charge = activity('charge', async () => null)
const last = (events: readonly HistoryEvent[]): HistoryEvent => events.at(-1) as HistoryEvent

describe('the log', () => {
  test('keeps silent while replaying and speaks at every level after it', async () => {
    const lines: LogLine[] = []
    const talking = workflowWith(async (ctx) => {
      ctx.log.info('started')
      await charge(ctx, null)
      ctx.log.debug({ n: 1 }, 'replayed')
      await charge(ctx, null)
      ctx.log.debug('a')
      ctx.log.info({ n: 1 }, 'b')
      ctx.log.warn('c')
      ctx.log.error('d')
      return ctx.isReplaying
    })
    const run = execution(talking, { log: recordingLog(lines) })
    await run.replay(history(completed('charge:1')), [])
    expect(lines).toEqual([])
    await run.deliver(last(history(completed('charge:2'))))
    expect(lines).toEqual([
      { level: 'debug', fields: 'a', message: undefined },
      { level: 'info', fields: { n: 1 }, message: 'b' },
      { level: 'warn', fields: 'c', message: undefined },
      { level: 'error', fields: 'd', message: undefined },
    ])
    expect(run.outcome).toEqual({ kind: 'completed', value: false })
  })

  test('isReplaying is true up to the drain after the last event, and false at a first start', async () => {
    const telling = (said: boolean[]) => async (ctx: WorkflowContext) => {
      said.push(ctx.isReplaying)
      await charge(ctx, null)
      said.push(ctx.isReplaying)
      await charge(ctx, null)
      said.push(ctx.isReplaying)
    }
    const [replaying, fresh]: [boolean[], boolean[]] = [[], []]
    const run = await replayed(telling(replaying), history(completed('charge:1')))
    await run.deliver(last(history(completed('charge:2'))))
    await started(telling(fresh))
    expect([replaying, fresh]).toEqual([[true, true, false], [false]])
  })
})
