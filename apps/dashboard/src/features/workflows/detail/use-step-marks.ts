'use client'
/** Where the live instances of a workflow stand now, by step: read from the newest two hundred of them. */
import { useMemo } from 'react'
import type { InstanceSummary } from '@/lib/api-types'
import { isTerminal, STATUSES } from '@/lib/status'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

const LIVE = STATUSES.filter((status) => !isTerminal(status))
const LOOKED_AT = 200

export function useStepMarks(workflowName: string): ReadonlyMap<string, string> {
  const trpc = useTRPC()
  const live = useQuery(trpc.instances.find.queryOptions({ workflowName, status: LIVE, limit: LOOKED_AT }))
  const failed = useQuery(trpc.instances.find.queryOptions({ workflowName, status: ['failed'], limit: LOOKED_AT }))
  return useMemo(
    () => stepMarks(of(workflowName, live.data?.instances), of(workflowName, failed.data?.instances)),
    [workflowName, live.data, failed.data],
  )
}

/** The filter of the API finds parts of names; only the exact ones are meant here. */
function of(workflowName: string, instances: readonly InstanceSummary[] | undefined): readonly InstanceSummary[] {
  return (instances ?? []).filter((instance) => instance.workflowName === workflowName)
}

export function stepMarks(
  live: readonly InstanceSummary[],
  failed: readonly InstanceSummary[],
): ReadonlyMap<string, string> {
  const here = new Map<string, number>()
  const broken = new Map<string, number>()
  for (const instance of live) {
    const prefix = prefixOf(instance.currentStep)
    if (prefix) here.set(prefix, (here.get(prefix) ?? 0) + 1)
  }
  for (const { error } of failed) {
    const [, name] = /^Activity (.+?) failed after /.exec(error?.message ?? '') ?? []
    if (name) broken.set(name, (broken.get(name) ?? 0) + 1)
  }
  const marks = new Map<string, string>()
  for (const prefix of new Set([...here.keys(), ...broken.keys()])) {
    const parts = [
      here.has(prefix) ? `${here.get(prefix)} here now` : '',
      broken.has(prefix) ? `${broken.get(prefix)} failed here` : '',
    ]
    marks.set(prefix, parts.filter(Boolean).join(' · '))
  }
  return marks
}

/** `charge (attempt 3)` → `charge`; `event order.approved` → `receive_order.approved`, the prefix of that wait's ids. */
function prefixOf(step: string | null): string | null {
  if (!step) return null
  const [, kind, name] = /^(event|message|timer|child) (.+)$/.exec(step) ?? []
  if (kind === 'event' || kind === 'message') return `receive_${name}`
  if (kind === 'timer') return (name ?? '').replace(/:\d+$/, '')
  // ids that nobody chose are the child's workflow and a hash
  if (kind === 'child') return `child_${(name ?? '').replace(/-[^-]*$/, '')}`
  return step.replace(/ \(attempt \d+\)$/, '')
}
