/** Runs a workflow once undisturbed and then once per commit and side of it with a crash there; every run must end alike, with the same history. */
import type { Workflow } from '../model/definition'
import { toFailure } from '../model/failure'
import type { HistoryEvent } from '../model/history'
import { createTestApp, type TestApp, type TestAppOptions } from './test-app'

export interface CrashReport {
  /** Points at which it was crashed: each commit, before and after. */
  readonly points: number
  readonly outcome: string
  readonly history: readonly string[]
}

/**
 * @param options as for `createTestApp`; `drive` does what the outside does (advance the clock, send events), again after every crash
 * @throws Error with a readable report of the first run that ended otherwise
 */
export async function crashEverywhere<Input>(
  wf: Workflow<Input>,
  input: Input,
  options: TestAppOptions & { readonly drive?: (test: TestApp, instanceId: string) => Promise<void> } = {},
): Promise<CrashReport> {
  const undisturbed = await runOnce(wf, input, options, undefined)
  let points = 0
  for (let commit = 0; commit < undisturbed.commits; commit++) {
    for (const side of ['before', 'after'] as const) {
      points++
      const crashed = await runOnce(wf, input, options, { commit, side })
      if (crashed.outcome === undisturbed.outcome && crashed.history.join('\n') === undisturbed.history.join('\n'))
        continue
      throw new Error(
        `A crash ${side} commit ${commit + 1} of ${undisturbed.commits} changed how '${wf.workflowName}' ends.\n` +
          `undisturbed: ${undisturbed.outcome}\n  ${undisturbed.history.join('\n  ')}\ncrashed: ${crashed.outcome}\n  ${crashed.history.join('\n  ')}`,
      )
    }
  }
  return { points, outcome: undisturbed.outcome, history: undisturbed.history }
}

interface Run {
  readonly outcome: string
  readonly history: readonly string[]
  readonly commits: number
}

async function runOnce<Input>(
  wf: Workflow<Input>,
  input: Input,
  options: TestAppOptions & { readonly drive?: (test: TestApp, instanceId: string) => Promise<void> },
  crash: { readonly commit: number; readonly side: 'before' | 'after' } | undefined,
): Promise<Run> {
  const { drive, ...given } = options
  const test = await createTestApp({ workflows: [wf as Workflow], ...given })
  const instanceId = `${wf.workflowName}-1`
  // The start itself is the caller's to repeat; crashes begin with the first commit after it.
  await test.start(wf, input, { instanceId })
  let commits = 0
  let isArmed = crash !== undefined
  const at = (side: 'before' | 'after') => (): void => {
    if (isArmed && crash?.side === side && crash.commit === commits) {
      // Once: a commit that never happened is not counted, so the next life comes by here again.
      isArmed = false
      test.crash()
    }
    if (side === 'after') commits++
  }
  test.onCommit({ before: at('before'), after: at('after') })
  await test.settle()
  await (drive?.(test, instanceId) ?? test.advance('30d'))
  const handle = test.handle(instanceId)
  const outcome = await handle.result().then(
    (value) => `completed ${JSON.stringify(value)}`,
    (error: unknown) => describe(error),
  )
  const history = ((await handle.history()) ?? []).map(lineOf)
  test.onCommit({})
  await test.close()
  return { outcome, history, commits }
}

function lineOf(event: HistoryEvent): string {
  return `${event.type} ${event.activityId}`
}

function describe(error: unknown): string {
  const failure = toFailure(error)
  return `${failure.name}: ${failure.message}${failure.cause ? ` ← ${failure.cause.name}: ${failure.cause.message}` : ''}`
}
