/** Histories that earlier code wrote must replay for ever, to the same outcome and with the same values. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { toFailure } from '../../src/model/failure'
import { WorkflowExecution } from '../../src/replay/execution'
import { type RecordedHistory, replayHistory } from '../../src/testing/index'
import { GOLDEN } from './workflows'

interface Recorded extends RecordedHistory {
  readonly outcome: string
  readonly status: string
  readonly output: unknown
  readonly error: unknown
}

const folder = fileURLToPath(new URL('histories', import.meta.url))
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function read(name: string): Recorded {
  return JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8'), (_key, value: unknown) => {
    const bytes = (value as { $bytes?: string } | null)?.$bytes
    return typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'hex')) : value
  }) as Recorded
}

test('every golden workflow has its history, and every history its workflow', () => {
  const files = readdirSync(folder).map((file) => file.replace('.json', ''))
  expect(files.sort()).toEqual(Object.keys(GOLDEN).sort())
})

describe('a recorded history', () => {
  test.each(Object.entries(GOLDEN))('replays to its outcome: %s', async (name, { workflow }) => {
    const recorded = read(name)
    expect(await replayHistory(recorded, workflow)).toBe(recorded.outcome)
  })

  test.each(Object.entries(GOLDEN))('replays to the same values: %s', async (name, { workflow }) => {
    const { instanceId, input, startedAt, events, outcome, output, error } = read(name)
    const run = new WorkflowExecution({
      definition: workflow,
      instanceId,
      workerId: 'w',
      input,
      startedAt,
      log: SILENT,
    })
    await run.replay(events, [])
    run.close()
    if (outcome === 'completed')
      expect(run.outcome?.kind === 'completed' && JSON.parse(JSON.stringify(run.outcome.value))).toEqual(output)
    if (outcome === 'failed')
      expect(run.outcome?.kind === 'failed' && withoutStacks(toFailure(run.outcome.error))).toEqual(
        withoutStacks(error),
      )
  })

  test.each(Object.entries(GOLDEN))('fits at every length, as a crash may leave it: %s', async (name, { workflow }) => {
    const recorded = read(name)
    for (let length = 0; length <= recorded.events.length; length++)
      await expect(
        replayHistory({ ...recorded, events: recorded.events.slice(0, length) }, workflow),
      ).resolves.toBeTypeOf('string')
  })
})

/** Where an error was made is no part of the record that must stay. */
function withoutStacks(failure: unknown): unknown {
  return JSON.parse(JSON.stringify(failure), (key, value: unknown) => (key === 'stack' ? undefined : value))
}
