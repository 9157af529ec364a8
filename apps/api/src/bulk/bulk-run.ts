/** One bulk operation while it runs: lists its members, works them off at its rate, and can be stopped between two members. */
import { EddaError, type InstanceListing, type Operator } from '@edda/engine'
import type { EngineApp } from '../engine'
import type { Topic } from '../live/difference'
import { present } from '../trpc/inputs'
import type { BulkAction, BulkOperation, BulkRequest } from './bulk-operation'

export interface BulkDeps {
  readonly app: Pick<EngineApp, 'retry' | 'admin'>
  readonly note: (topic: Topic, instanceId?: string) => void
  readonly onError: (error: unknown) => void
  readonly now?: () => Date
}

const ERRORS_KEPT = 100
const PAGE = 200
/** Codes that mean: the verb does not fit this member (any more). */
const NOT_FITTING = new Set<string>(['INVALID_STATE', 'INSTANCE_NOT_FOUND', 'NON_DETERMINISM'])

export class BulkRun {
  readonly #deps: Required<BulkDeps>
  readonly #request: BulkRequest
  readonly #operator: Operator
  readonly #abort = new AbortController()
  #view: BulkOperation
  #finished: Promise<void> = Promise.resolve()

  constructor(
    deps: BulkDeps,
    request: BulkRequest,
    { id, actor, requestId }: { id: string; actor: string; requestId: string },
  ) {
    const reason = request.reason?.trim() || null
    this.#deps = { now: () => new Date(), ...deps }
    this.#request = request
    this.#operator = { actor, requestId, reason: `bulk ${id}${reason ? `: ${reason}` : ''}` }
    this.#view = {
      id,
      action: request.action,
      state: 'listing',
      reason,
      actor,
      total: 'ids' in request.members ? new Set(request.members.ids).size : 0,
      done: 0,
      skipped: 0,
      failed: 0,
      ratePerSecond: request.ratePerSecond,
      errors: [],
      error: null,
      startedAt: this.#deps.now(),
      endedAt: null,
    }
  }

  get view(): BulkOperation {
    return this.#view
  }

  /** Resolves when it is audited and under way. */
  async start(): Promise<void> {
    await this.#record('start')
    this.#finished = this.#run()
  }

  /** Resolves when the member in flight is done. */
  stop(): Promise<void> {
    this.#abort.abort()
    return this.#finished
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    try {
      const ids = await this.#members()
      this.#update({ state: 'running', total: ids.length })
      const pauseMs = 1_000 / this.#request.ratePerSecond
      for (const [index, id] of ids.entries()) {
        if (signal.aborted) break
        const startedAt = performance.now()
        await this.#actOn(id)
        if (index < ids.length - 1) await delay(pauseMs - (performance.now() - startedAt), signal)
      }
      this.#update({ state: signal.aborted ? 'aborted' : 'completed' })
    } catch (error) {
      this.#deps.onError(error)
      const message = error instanceof EddaError ? error.message : 'The members could not be listed; the log tells more'
      this.#update({ state: 'failed', error: message })
    }
    this.#update({ endedAt: this.#deps.now() })
    // every member is in the audit already: a database that is away now costs only this summary
    await this.#record('end').catch(this.#deps.onError)
  }

  async #members(): Promise<readonly string[]> {
    const { members } = this.#request
    if ('ids' in members) return [...new Set(members.ids)]
    const ids: string[] = []
    let pageToken: string | undefined
    while (ids.length < members.max && !this.#abort.signal.aborted) {
      const limit = Math.min(PAGE, members.max - ids.length)
      const page = await this.#deps.app.admin.instances.find({
        ...present(members.filter),
        limit,
        ...present({ pageToken }),
      } as InstanceListing)
      ids.push(...page.instances.map(({ instanceId }) => instanceId))
      this.#update({ total: ids.length })
      if (!page.nextPageToken) break
      pageToken = page.nextPageToken
    }
    return ids
  }

  async #actOn(instanceId: string): Promise<void> {
    try {
      const acted = await perform(this.#deps.app, this.#request.action, instanceId, this.#operator)
      this.#update(acted ? { done: this.#view.done + 1 } : { skipped: this.#view.skipped + 1 })
      this.#deps.note('instances', instanceId)
    } catch (error) {
      const known = error instanceof EddaError
      if (!known) this.#deps.onError(error)
      const message = known ? error.message : 'Something went wrong here; the log tells more'
      const errors = [{ instanceId, code: known ? error.code : null, message }, ...this.#view.errors].slice(
        0,
        ERRORS_KEPT,
      )
      const fits = !known || !NOT_FITTING.has(error.code)
      this.#update({ errors, ...(fits ? { failed: this.#view.failed + 1 } : { skipped: this.#view.skipped + 1 }) })
    }
  }

  #update(change: Partial<BulkOperation>): void {
    this.#view = { ...this.#view, ...change }
    this.#deps.note('bulk')
  }

  #record(act: 'start' | 'end'): Promise<void> {
    const { id, action, state, total, done, skipped, failed } = this.#view
    const entry = { action: `bulk.${act}`, target: id, after: { action, state, total, done, skipped, failed } }
    return this.#deps.app.admin.audit.record(entry, this.#operator)
  }
}

/** @returns false when it had no effect because the instance had ended */
async function perform(app: BulkDeps['app'], action: BulkAction, id: string, operator: Operator): Promise<boolean> {
  switch (action) {
    case 'cancel':
      return app.admin.instances.cancel(id, operator)
    case 'suspend':
      await app.admin.instances.suspend(id, operator)
      return true
    case 'resume':
      await app.admin.instances.resume(id, operator)
      return true
    case 'retry': {
      const audit = { ...operator, action: 'instance.retry', target: id, before: null, after: null }
      await app.retry(id, { by: operator.actor, ...present({ reason: operator.reason ?? undefined }), audit })
      return true
    }
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
