/** What this process's own worker does, told to the change feed as it happens. */
import type { WorkflowHooks } from '@edda/engine'
import type { ChangeFeed } from './change-feed'

export function feedHooks(note: ChangeFeed['note']): WorkflowHooks {
  const changed = (instanceId: string): void => note('instances', instanceId)
  return {
    onWorkflowStart: changed,
    onWorkflowComplete: changed,
    onWorkflowFailed: changed,
    onWorkflowCancelled: changed,
    onActivityStart: (instanceId, _activityId, _name, isReplaying) => {
      if (!isReplaying) changed(instanceId)
    },
    onActivityComplete: (instanceId, _activityId, _name, _result, cacheHit) => {
      if (!cacheHit) changed(instanceId)
    },
    onActivityFailed: changed,
    onActivityRetry: changed,
    onEventSent: () => note('outbox'),
    onEventReceived: (instanceId) => {
      note('events')
      changed(instanceId)
    },
  }
}
