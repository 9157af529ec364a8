/** A whole engine around an event router: memory storage, commit queue, worker, on a clock that stands still. */
import { onTestFinished } from 'vitest'
import { toInstance } from '../../src/admin/decode'
import { EventRouter } from '../../src/events'
import type { Log } from '../../src/model/context'
import type { Workflow } from '../../src/model/definition'
import { runtimeSettings } from '../../src/options'
import { Registry } from '../../src/runtime/registry'
import { Runtime } from '../../src/runtime/runtime'
import { createMemoryStorage } from '../../src/storage/memory/memory-storage'
import type { Storage } from '../../src/storage/storage'
import { quiet } from '../../src/testing/quiet'
import { VirtualClock } from '../../src/testing/virtual-clock'

export interface EngineOptions {
  /** Another storage than memory, of the same clock; closed when the test ends. */
  readonly makeStorage?: (clock: VirtualClock) => Promise<Storage>
  readonly workflows?: readonly Workflow[]
  readonly maxPayloadBytes?: number
  /** Changes what the router commits through. */
  readonly spoil?: (storage: Storage) => Partial<Storage>
}

export async function startEngine(options: EngineOptions = {}) {
  const { workflows = [], maxPayloadBytes = 100_000, spoil, makeStorage } = options
  const clock = new VirtualClock()
  const inner = await (makeStorage?.(clock) ?? createMemoryStorage({ clock }))
  await inner.open({ autoMigrate: true })
  const storage: Storage = spoil ? { ...inner, ...spoil(inner) } : inner
  const errors: { readonly fields: object | string; readonly message: string | undefined }[] = []
  const nothing = (): void => {}
  const log: Log = {
    ...{ debug: nothing, info: nothing, warn: nothing },
    error: (fields, message) => void errors.push({ fields, message }),
  }
  const registry = new Registry(workflows)
  const settings = { ...runtimeSettings({ serviceName: 'test', dbUrl: ':inner:' }), maxPayloadBytes }
  const deps = { storage, clock, settings, registry, hooks: undefined, log, worker: true, onOutbox: nothing }
  const runtime = new Runtime(deps)
  const router = new EventRouter({ ...runtime.services, registry, maxPayloadBytes })
  await runtime.start()
  onTestFinished(async () => {
    await router.drained()
    const stopped = runtime.stop()
    await clock.advance(60_000, settle)
    await stopped
    await inner.close()
  })
  const settle = (): Promise<void> => quiet(() => [inner.metrics.transactions])
  return {
    clock,
    storage: inner,
    runtime,
    router,
    errors,
    settle,
    /** The record of an instance once everything has come to rest. */
    async instance(id: string | undefined) {
      await settle()
      const row = await inner.instance(id ?? '')
      if (!row) throw new Error(`No instance ${id}`)
      return toInstance(row, false)
    },
    async start(workflow: Workflow, input: unknown = null): Promise<string> {
      const definition = registry.get(workflow.workflowName)
      const id = `${workflow.workflowName}-${++started}`
      const now = clock.now()
      const { workflowName } = workflow
      const instance = runtime.services.newInstance({
        ...{ id, workflowName, definition, now, tags: undefined },
        input: JSON.stringify(input),
      })
      await runtime.startInstance(instance, definition, input)
      await settle()
      return id
    },
    /** Everything that an event can leave behind. */
    async effects() {
      const inbox = await inner.inbox({ limit: 1_000 })
      const messages = await Promise.all((await inner.channelStats()).map(({ name }) => inner.messages(name, ALL)))
      const instances = await inner.instances({ limit: 1_000 })
      return { inbox: inbox.length, messages: messages.flat().length, instances: instances.length }
    },
  }
}
export type Engine = Awaited<ReturnType<typeof startEngine>>

export const NO_EFFECTS = { inbox: 0, messages: 0, instances: 0 }
const ALL = { after: 0, limit: 10_000 }
let started = 0
