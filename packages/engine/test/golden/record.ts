/**
 * Records the histories that are not recorded yet: `npm run golden`. A file that is there is never written again, since it stands for what released code
 * wrote. Bytes are written as `{ "$bytes": hex }`.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createTestApp, replayHistory } from '../../src/testing/index'
import { GOLDEN, type Golden } from './workflows'

for (const [name, golden] of Object.entries(GOLDEN)) {
  const file = fileURLToPath(new URL(`histories/${name}.json`, import.meta.url))
  if (existsSync(file)) continue
  writeFileSync(file, `${JSON.stringify(await record(name, golden), asText, 2)}\n`)
  process.stdout.write(`recorded ${name}\n`)
}

async function record(name: string, golden: Golden): Promise<object> {
  const kit = await createTestApp({ workflows: [golden.workflow, ...(golden.beside ?? [])] })
  const instanceId = `golden-${name}`
  await kit.start(golden.workflow, golden.input, { instanceId })
  await kit.settle()
  await golden.live?.(kit, instanceId)
  await kit.settle()
  const instance = await kit.app.getInstance(instanceId)
  const events = (await kit.app.getHistory(instanceId)) ?? []
  await kit.close()
  const startedAt = instance?.startedAt.getTime() ?? Number.NaN
  const history = { instanceId, input: golden.input, startedAt, events }
  const outcome = await replayHistory(history, golden.workflow)
  return { ...history, outcome, status: instance?.status, output: instance?.output, error: instance?.error }
}

/** Without the places where errors were made: they are no part of what must stay. */
function asText(key: string, value: unknown): unknown {
  if (key === 'stack' && typeof value === 'string') return value.split('\n')[0]
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('hex') } : value
}
