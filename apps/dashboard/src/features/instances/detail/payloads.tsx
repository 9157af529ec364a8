'use client'
import { EyeOff } from 'lucide-react'
import { FailureView } from '@/components/failure-view'
import { JsonView } from '@/components/json-view/json-view'
import { Panel } from '@/components/page-header'
import type { InstanceDetails } from '@/lib/api-types'
import { isTerminal } from '@/lib/status'

/** Input, and beside it what came of it: output, error, or the state so far. */
export function Payloads({ details }: { details: InstanceDetails }) {
  const { instance, redacted } = details
  const file = instance.instanceId
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Panel title="Input">
        {redacted ? (
          <Redacted />
        ) : (
          <JsonView value={instance.input} label="Input" fileName={`${file}-input`} maxHeight={152} />
        )}
      </Panel>
      {instance.error ? (
        <Panel title="Error" className="border-danger/30">
          <div className="max-h-44 overflow-auto p-3">
            <FailureView failure={instance.error} />
          </div>
        </Panel>
      ) : (
        <Panel title={outcomeTitle(details)}>{redacted ? <Redacted /> : <Outcome details={details} />}</Panel>
      )}
    </div>
  )
}

function outcomeTitle({ instance }: InstanceDetails): string {
  if (instance.status === 'completed') return 'Output'
  return instance.state === null ? 'Output' : 'State'
}

function Outcome({ details }: { details: InstanceDetails }) {
  const { instance } = details
  if (instance.status === 'completed')
    return (
      <JsonView value={instance.output} label="Output" fileName={`${instance.instanceId}-output`} maxHeight={152} />
    )
  if (instance.state !== null)
    return <JsonView value={instance.state} label="State" fileName={`${instance.instanceId}-state`} maxHeight={152} />
  return (
    <p className="px-3 py-6 text-center text-ink-muted">
      {isTerminal(instance.status)
        ? `It ended as ${instance.status} and left no output.`
        : 'No output yet: it has not ended.'}
    </p>
  )
}

export function Redacted() {
  return (
    <p className="flex items-center justify-center gap-1.5 px-3 py-6 text-ink-muted">
      <EyeOff aria-hidden className="size-4" />
      Your role does not show payloads.
    </p>
  )
}
