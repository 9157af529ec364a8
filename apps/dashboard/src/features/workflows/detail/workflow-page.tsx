'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { Play, SearchX, TriangleAlert } from 'lucide-react'
import dynamic from 'next/dynamic'
import Link from 'next/link'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { IgnoredParams } from '@/components/ignored-note'
import { JsonView } from '@/components/json-view/json-view'
import { PageHeader, Panel } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { LinkButton } from '@/components/ui/button'
import { Select } from '@/components/ui/field'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState } from '@/components/ui/states'
import { Tabs } from '@/components/ui/tabs'
import type { WorkflowDetails } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { errorCode } from '@/lib/describe-error'
import { formatCount, formatPercent } from '@/lib/format'
import { useMay } from '@/lib/session'
import { STATUS, STATUSES, TONE_TEXT } from '@/lib/status'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { SourceView } from './source-view'
import { useStepMarks } from './use-step-marks'

const WorkflowDiagram = dynamic(
  () => import('@/components/flow-diagram/static-diagram').then((module) => module.StaticDiagram),
  {
    ssr: false,
    loading: () => <Skeleton className="h-[min(36rem,62vh)] rounded-lg" />,
  },
)

const TABS = ['diagram', 'source', 'schema'] as const
const parsers = { tab: parseAsStringLiteral(TABS).withDefault('diagram'), revision: parseAsString }

export function WorkflowPage({ name }: { name: string }) {
  const [view, set] = useQueryStates(parsers, { history: 'replace' })
  const trpc = useTRPC()
  const may = useMay()
  const one = { name, ...(view.revision ? { sourceHash: view.revision } : {}) }
  const query = useQuery(trpc.workflows.get.queryOptions(one, { placeholderData: keepPreviousData }))
  const workflow = query.data
  if (!workflow) {
    if (errorCode(query.error) === 'NOT_FOUND') {
      return (
        <EmptyState
          icon={SearchX}
          title="There is no such workflow"
          actions={<LinkButton href="/workflows">See the workflows</LinkButton>}
        >
          <code>{name}</code> {view.revision ? 'has no such revision' : 'was never registered here'}.
        </EmptyState>
      )
    }
    if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    return <Skeleton className="m-6 h-96 rounded-lg" />
  }
  return (
    <>
      <PageHeader
        title={workflow.name}
        description={workflow.description ?? undefined}
        actions={
          <>
            <Select
              aria-label="Revision"
              value={view.revision ?? workflow.sourceHash}
              onChange={(event) =>
                void set({
                  revision: event.target.value === workflow.sources[0]?.sourceHash ? null : event.target.value,
                })
              }
              className="w-auto"
            >
              {workflow.sources.map((source, index) => (
                <option key={source.sourceHash} value={source.sourceHash}>
                  {source.version === null
                    ? source.sourceHash.slice(0, 7)
                    : `version ${source.version} · ${source.sourceHash.slice(0, 7)}`}
                  {index === 0 ? ' (newest)' : ''}
                </option>
              ))}
            </Select>
            <LinkButton href={`/instances?workflow=${encodeURIComponent(name)}`} size="md">
              Instances
            </LinkButton>
            {may.operate ? (
              <LinkButton href={`/workflows/${encodeURIComponent(name)}/start`} variant="primary" size="md">
                <Play />
                Start
              </LinkButton>
            ) : null}
          </>
        }
      />
      <IgnoredParams parsers={parsers} />
      <div className="flex flex-col gap-3 px-4 pb-6 lg:px-6">
        {workflow.runnable ? null : (
          <p className="flex items-center gap-1.5 text-warning text-xs">
            <TriangleAlert aria-hidden className="size-3.5" />
            No live worker can run this workflow: its code is gone, or the service is down. Its instances stay as they
            are until one comes.
          </p>
        )}
        <Counts workflow={workflow} />
        <Tabs
          label="Views of this workflow"
          tabs={[
            { id: 'diagram', label: 'Diagram' },
            { id: 'source', label: 'Source' },
            { id: 'schema', label: 'Schema' },
          ]}
          value={view.tab}
          onValueChange={(tab) => void set({ tab: tab as (typeof TABS)[number] })}
        >
          <div className="py-3">
            {view.tab === 'diagram' ? <Diagram {...one} /> : null}
            {view.tab === 'source' ? <SourceView source={workflow.source} name={workflow.name} /> : null}
            {view.tab === 'schema' ? <Schemas workflow={workflow} /> : null}
          </div>
        </Tabs>
      </div>
    </>
  )
}

function Diagram(one: { name: string; sourceHash?: string }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(
    trpc.workflows.diagram.queryOptions(one, { staleTime: Number.POSITIVE_INFINITY }),
  )
  const marks = useStepMarks(one.name)
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="h-[min(36rem,62vh)] rounded-lg" />
  return (
    <WorkflowDiagram
      nodes={data.nodes}
      marks={marks}
      note={data.exact ? null : (data.reason ?? 'The source could not be read as code')}
    />
  )
}

function Counts({ workflow }: { workflow: WorkflowDetails }) {
  const present = STATUSES.filter((status) => (workflow.counts[status] ?? 0) > 0)
  return (
    <ul className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
      {present.map((status) => {
        const { icon: Icon, tone, label } = STATUS[status]
        return (
          <li key={status}>
            <Link
              href={`/instances?workflow=${encodeURIComponent(workflow.name)}&status=${status}`}
              className="flex items-center gap-1.5 hover:underline"
            >
              <Icon aria-hidden className={cn('size-3.5', TONE_TEXT[tone])} />
              <span className="font-medium tabular">{formatCount(workflow.counts[status] ?? 0)}</span>
              <span className="text-ink-muted">{label.toLowerCase()}</span>
            </Link>
          </li>
        )
      })}
      {workflow.failureRate === null ? null : (
        <li className="text-ink-muted">{formatPercent(workflow.failureRate)} of the newest ended ones failed</li>
      )}
      <li className="text-ink-muted">
        registered <RelativeTime at={workflow.registeredAt} />
      </li>
      {workflow.eventType ? (
        <li className="text-ink-muted">
          starts on <code className="text-ink text-xs">{workflow.eventType}</code>
        </li>
      ) : null}
    </ul>
  )
}

function Schemas({ workflow }: { workflow: WorkflowDetails }) {
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <Panel title="Input">
        {workflow.inputSchema === null ? (
          <None />
        ) : (
          <JsonView
            value={workflow.inputSchema}
            label="Input schema"
            fileName={`${workflow.name}-input-schema`}
            maxHeight={520}
            openDepth={4}
          />
        )}
      </Panel>
      <Panel title="Output">
        {workflow.outputSchema === null ? (
          <None />
        ) : (
          <JsonView
            value={workflow.outputSchema}
            label="Output schema"
            fileName={`${workflow.name}-output-schema`}
            maxHeight={520}
            openDepth={4}
          />
        )}
      </Panel>
    </div>
  )
}

function None() {
  return <p className="px-3 py-8 text-center text-ink-muted">No schema: anything that is JSON.</p>
}
