/** Lifecycle hooks for tracing and metrics. They fire on every path; a throwing hook is logged and changes nothing. */
import type { Log } from '../model/context'
import type { HistoryEvent } from '../model/history'

export interface WorkflowHooks {
  onWorkflowStart?(instanceId: string, workflowName: string, input: unknown): unknown
  onWorkflowComplete?(instanceId: string, workflowName: string, result: unknown): unknown
  onWorkflowFailed?(instanceId: string, workflowName: string, error: Error): unknown
  onWorkflowCancelled?(instanceId: string, workflowName: string): unknown
  onActivityStart?(instanceId: string, activityId: string, activityName: string, isReplaying: boolean): unknown
  onActivityComplete?(
    instanceId: string,
    activityId: string,
    activityName: string,
    result: unknown,
    cacheHit: boolean,
  ): unknown
  onActivityFailed?(instanceId: string, activityId: string, activityName: string, error: Error): unknown
  onActivityRetry?(
    instanceId: string,
    activityId: string,
    activityName: string,
    error: Error,
    attempt: number,
    delaySeconds: number,
  ): unknown
  onEventSent?(type: string, source: string, data: unknown): unknown
  onEventReceived?(instanceId: string, type: string, data: unknown): unknown
}

export type HookName = keyof WorkflowHooks
type HookArguments<Name extends HookName> = Parameters<NonNullable<WorkflowHooks[Name]>>
export type CallHook = <Name extends HookName>(name: Name, ...args: HookArguments<Name>) => void

/** The activities that an instance was rebuilt from, so that a trace of its second life shows them. */
export function tellReplayed(hook: CallHook, instanceId: string, events: readonly HistoryEvent[]): void {
  for (const { type, activityId, data } of events) {
    if (type === 'ActivityCompleted') {
      hook('onActivityStart', instanceId, activityId, data.activityName, true)
      hook('onActivityComplete', instanceId, activityId, data.activityName, data.result, true)
    } else if (type === 'ActivityFailed') hook('onActivityStart', instanceId, activityId, data.activityName, true)
  }
}

/** @returns a caller that never throws; `undefined` hooks cost one comparison */
export function hookCaller(hooks: WorkflowHooks | undefined, log: Log): CallHook {
  if (!hooks) return () => {}
  return (name, ...args) => {
    const hook = hooks[name] as ((...given: unknown[]) => unknown) | undefined
    if (!hook) return
    const report = (error: unknown): void =>
      log.error({ err: error, hook: name }, 'a workflow hook threw; the workflow goes on')
    try {
      const result = hook.apply(hooks, args)
      if (result instanceof Promise) result.catch(report)
    } catch (error) {
      report(error)
    }
  }
}
