/**
 * The words of the API as the dashboard uses them: all inferred from the router's type, the only thing that crosses over from apps/api.
 */
import type { AppRouter } from '@edda/api/router'
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'

export type { AppRouter }

type Inputs = inferRouterInputs<AppRouter>
type Outputs = inferRouterOutputs<AppRouter>

export type InstancePage = Outputs['instances']['find']
export type InstanceSummary = InstancePage['instances'][number]
export type InstanceStatus = InstanceSummary['status']
export type InstanceQuery = Inputs['instances']['find']
export type InstanceDetails = Outputs['instances']['get']
export type WorkflowInstance = InstanceDetails['instance']
export type Failure = NonNullable<WorkflowInstance['error']>
export type Verdict = InstanceDetails['verdict']
export type SuggestedAction = Verdict['suggestedActions'][number]
export type PendingRecord = InstanceDetails['pending'][number]
export type Relations = InstanceDetails['relations']
export type CompensationRecord = InstanceDetails['compensations'][number]
export type SubscriptionRecord = InstanceDetails['subscriptions'][number]
export type HistoryPage = Outputs['instances']['history']
export type HistoryRecord = HistoryPage['events'][number]
export type InstanceCounts = Outputs['instances']['counts']
export type DryReplay = Outputs['instances']['dryReplay']
export type BulkOperation = Outputs['instances']['bulk']['get']
export type BulkAction = BulkOperation['action']
export type WorkflowSummary = Outputs['workflows']['list'][number]
export type WorkflowDetails = Outputs['workflows']['get']
export type WorkflowDiagram = Outputs['workflows']['diagram']
export type DiagramNode = WorkflowDiagram['nodes'][number]
export type ChannelRecord = Outputs['channels']['list'][number]
export type ChannelDetails = Outputs['channels']['get']
export type MessageRecord = Outputs['channels']['messages']['messages'][number]
export type OutboxRecord = Outputs['outbox']['list']['rows'][number]
export type OutboxStatus = OutboxRecord['status']
export type InboxRecord = Outputs['events']['list']['events'][number]
export type EventPreview = Outputs['events']['preview']
export type WorkerList = Outputs['workers']['list']
export type WorkerRecord = WorkerList['workers'][number]
export type ErrorGroup = Outputs['errors']['groups']['groups'][number]
export type Overview = Outputs['stats']['overview']
export type AuditRecord = Outputs['audit']['list']['entries'][number]
export type SessionState = Outputs['session']['me']
