/**
 * Keeps a failed branch of a workflow from ending the process. `const both = helper(ctx); await other(ctx); await both` is right for a workflow, and yet the
 * runtime calls `both` unhandled when it rejects while the workflow waits for `other`: Node would end the process, and the next one that takes the instance.
 *
 *  1. Only rejections with an error that workflow code was given (or one that has it as its cause) are passed over: the workflow awaits that promise later
 *     and fails there, or it never does, which is its business as it is with a call that nobody awaits.
 *  2. Everything else is as if nobody listened: without another listener it ends the process, in the modes of Node in which it would.
 */
import type { Log } from '../model/context'
import { isGiven } from '../replay/promises'

/** What of `process` this needs. */
export interface RejectionSource {
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  on(event: 'unhandledRejection', listener: (reason: unknown) => void): unknown
  off(event: 'unhandledRejection', listener: (reason: unknown) => void): unknown
  listenerCount(event: 'unhandledRejection'): number
}

interface Guard {
  /** One an app. */
  readonly holders: Set<{ readonly log: Log }>
  readonly listener: (reason: unknown) => void
}

/** One listener a process, whatever number of apps live in it. */
const guards = new WeakMap<RejectionSource, Guard>()

/** @returns a function that ends it */
export function passOverWorkflowRejections(log: Log, source: RejectionSource = process): () => void {
  const guard = guards.get(source) ?? listen(source)
  const holder = { log }
  guard.holders.add(holder)
  return () => {
    if (!guard.holders.delete(holder) || guard.holders.size > 0) return
    source.off('unhandledRejection', guard.listener)
    guards.delete(source)
  }
}

function listen(source: RejectionSource): Guard {
  const holders: Guard['holders'] = new Set()
  const listener = (reason: unknown): void => {
    if (isGiven(reason)) {
      const [first] = holders
      first?.log.debug({ err: reason }, 'a branch of a workflow failed before the workflow awaited it')
      return
    }
    if (source.listenerCount('unhandledRejection') === 1 && endsProcess(source)) throw reason
  }
  source.on('unhandledRejection', listener)
  const guard = { holders, listener }
  guards.set(source, guard)
  return guard
}

/** Node's default since 15. Under `strict` it has ended already; the other modes only warn, whether or not somebody listens. */
function endsProcess({ execArgv, env }: RejectionSource): boolean {
  const flags = [...execArgv, env.NODE_OPTIONS ?? ''].join(' ')
  const mode = /--unhandled-rejections[= ](\S+)/.exec(flags)?.[1]
  return mode === undefined || mode === 'throw'
}
