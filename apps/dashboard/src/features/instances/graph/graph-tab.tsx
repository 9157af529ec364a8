'use client'
import dynamic from 'next/dynamic'
import { Skeleton } from '@/components/ui/skeleton'
import type { InstanceDetails } from '@/lib/api-types'
import { isTerminal } from '@/lib/status'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import type { Operation } from '../model/operations'

const InstanceGraph = dynamic(() => import('./instance-graph').then((module) => module.InstanceGraph), {
  ssr: false,
  loading: () => <Skeleton className="h-[min(40rem,68vh)] rounded-lg" />,
})

export interface GraphTabProps {
  readonly details: InstanceDetails
  readonly operations: readonly Operation[]
  readonly selected: string | null
  readonly onSelect: (id: string | null) => void
  readonly hasEnded?: boolean
  readonly className?: string
}

export function GraphTab({ details, operations, selected, onSelect, hasEnded, className }: GraphTabProps) {
  const trpc = useTRPC()
  const { instance, sourceHash } = details
  const {
    data: diagram,
    isPending,
    isError,
  } = useQuery(
    trpc.workflows.diagram.queryOptions(
      { name: instance.workflowName, sourceHash },
      { staleTime: Number.POSITIVE_INFINITY, retry: false },
    ),
  )
  if (isPending) return <Skeleton className="h-[min(40rem,68vh)] rounded-lg" />
  const isUsable = diagram?.exact && diagram.nodes.length > 0
  const note = isError
    ? 'The source of this workflow is not known here: drawn from its history'
    : isUsable
      ? null
      : `${diagram?.reason ?? 'The source could not be read'}: drawn from its history`
  return (
    <InstanceGraph
      diagram={isUsable ? diagram.nodes : null}
      note={note}
      operations={operations}
      compensations={details.compensations}
      hasEnded={hasEnded ?? isTerminal(instance.status)}
      selected={selected}
      onSelect={onSelect}
      fileName={instance.instanceId}
      {...(className ? { className } : {})}
    />
  )
}
