/** Replays a recorded history against code: the check to run in CI over histories exported from production. */
import type { Workflow } from '../model/definition'
import { NonDeterminismError } from '../model/errors'
import type { HistoryEvent } from '../model/history'
import { WorkflowExecution } from '../replay/execution'

export interface RecordedHistory {
  readonly instanceId: string
  readonly input: unknown
  /** Epoch ms. */
  readonly startedAt: number
  readonly events: readonly HistoryEvent[]
}

/**
 * @returns what the replay ended with, or `open` when the instance waits for something
 * @throws Error that shows the history, where it stopped fitting, and what the code asked for instead
 */
export async function replayHistory(
  history: RecordedHistory,
  wf: Workflow,
): Promise<'completed' | 'failed' | 'recurred' | 'open'> {
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const { instanceId, input, startedAt, events } = history
  const execution = new WorkflowExecution({
    definition: wf,
    instanceId,
    workerId: 'replay',
    input,
    startedAt,
    log: silent,
  })
  try {
    await execution.replay(events, [])
    return execution.outcome?.kind ?? 'open'
  } catch (error) {
    if (!(error instanceof NonDeterminismError)) throw error
    const recorded = events.map((event) => `  ${event.seq} ${event.type} ${event.activityId}`).join('\n')
    throw new Error(
      `${error.message}\nexpected: ${JSON.stringify(error.expected)}\nactual: ${JSON.stringify(error.actual)}\nhistory:\n${recorded}`,
      { cause: error },
    )
  } finally {
    execution.close()
  }
}
