/** What the engine keeps on the promises that it hands to workflow code, and which errors went through them. */

/** On the promise itself: a WeakMap of them all is a burden to the collector. */
const CALLS: unique symbol = Symbol('edda.calls')
type CallPromise = Promise<unknown> & { [CALLS]?: string | readonly string[] }

/** Which calls a promise stands for, so that a race can withdraw its losers. */
export function markCalls(promise: CallPromise, calls: string | readonly string[]): void {
  promise[CALLS] = calls
}

export function callsOf(promise: CallPromise): readonly string[] {
  const calls = promise[CALLS] ?? []
  return typeof calls === 'string' ? [calls] : calls
}

/** A branch that nobody awaits may fail: that is the workflow's business, not a crash of the process. */
export function quiet<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {})
  return promise
}

/** Errors that workflow code was given. Not a property: it would show wherever the error is printed. */
const GIVEN = new WeakSet<object>()

/** Notes an error that a call rejects with, so that it is known again when a promise of workflow code's own rejects with it. */
export function markGiven(error: unknown): void {
  if (typeof error === 'object' && error !== null) GIVEN.add(error)
}

/** Whether this is, wraps or gathers an error that workflow code was given. */
export function isGiven(error: unknown): boolean {
  const seen = new Set<unknown>()
  const open = [error]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null || seen.has(one)) continue
    if (GIVEN.has(one)) return true
    seen.add(one)
    const { cause, errors } = one as { readonly cause?: unknown; readonly errors?: unknown }
    open.push(cause, ...(Array.isArray(errors) ? errors : []))
  }
  return false
}

/** A call that is refused without asking anybody. */
export function refusal(error: Error): Promise<never> {
  markGiven(error)
  return quiet(Promise.reject(error))
}
