'use client'
import { SearchX } from 'lucide-react'
import { useMemo } from 'react'
import { IgnoredNote } from '@/components/ignored-note'
import { LinkButton } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, StaleNote } from '@/components/ui/states'
import type { InstanceDetails } from '@/lib/api-types'
import { errorCode } from '@/lib/describe-error'
import { useHotkeys } from '@/lib/hotkeys'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { useWatch } from '@/lib/watched'
import { buildOperations } from '../model/operations'
import { InstanceHeader } from './instance-header'
import { InstanceTabs } from './instance-tabs'
import { Payloads } from './payloads'
import { TABS, useInstanceView } from './selection'
import { useHistory } from './use-history'
import { VerdictCard } from './verdict-card'

export function InstancePage({ instanceId }: { instanceId: string }) {
  useWatch(instanceId)
  const trpc = useTRPC()
  const query = useQuery(trpc.instances.get.queryOptions({ id: instanceId }))
  const details = query.data
  const isGone = errorCode(query.error) === 'NOT_FOUND'
  if (!details) {
    if (isGone) return <Gone instanceId={instanceId} />
    if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    return <Loading />
  }
  return (
    <>
      {isGone ? (
        <p role="alert" className="border-warning/30 border-b bg-warning/10 px-4 py-1.5 text-warning text-xs lg:px-6">
          This instance was removed meanwhile (retention, or another operator). What you see is what was loaded before.
        </p>
      ) : (
        <StaleNote error={query.error} />
      )}
      <Loaded details={details} />
    </>
  )
}

function Loaded({ details }: { details: InstanceDetails }) {
  const { instance } = details
  const view = useInstanceView()
  const history = useHistory(instance.instanceId)
  const loaded = history.data
  const startedAt = instance.startedAt.getTime()
  const operations = useMemo(
    () => buildOperations({ events: loaded?.events ?? [], pending: details.pending, startedAt }),
    [loaded, details.pending, startedAt],
  )
  useHotkeys(
    TABS.map((tab, index) => ({
      keys: String(index + 1),
      label: `Tab ${tab}`,
      group: 'Instance',
      run: () => view.setTab(tab),
    })),
  )
  return (
    <div className="flex flex-col gap-3 px-4 py-4 lg:px-6">
      <InstanceHeader details={details} onCheck={() => void view.set({ tab: 'replay' }).then(() => setCheck())} />
      <VerdictCard verdict={details.verdict} instanceId={instance.instanceId} />
      <Payloads details={details} />
      <IgnoredNote ignored={view.ignored} />
      <InstanceTabs
        details={details}
        view={view}
        operations={operations}
        history={loaded}
        isLoading={history.isFetching}
        error={loaded ? null : history.error}
        onRetry={() => void history.refetch()}
      />
    </div>
  )
}

/** The check is a parameter of the replay tab: asking for it is part of the address, so that it can be shared. */
function setCheck(): void {
  const url = new URL(location.href)
  url.searchParams.set('check', 'true')
  history.replaceState(history.state, '', url)
}

function Loading() {
  return (
    <div role="status" aria-label="Loading the instance" className="flex flex-col gap-3 px-4 py-4 lg:px-6">
      <Skeleton className="h-3 w-40" />
      <Skeleton className="h-7 w-80 max-w-full" />
      <Skeleton className="h-16 rounded-lg" />
      <div className="grid gap-3 lg:grid-cols-2">
        <Skeleton className="h-44 rounded-lg" />
        <Skeleton className="h-44 rounded-lg" />
      </div>
      <Skeleton className="h-80 rounded-lg" />
    </div>
  )
}

function Gone({ instanceId }: { instanceId: string }) {
  return (
    <EmptyState
      icon={SearchX}
      title="There is no such instance"
      actions={
        <>
          <LinkButton href={`/instances?id=${encodeURIComponent(instanceId)}`}>Search for a part of this id</LinkButton>
          <LinkButton href={`/audit?target=${encodeURIComponent(instanceId)}`}>Look in the audit</LinkButton>
        </>
      }
    >
      <code className="break-all">{instanceId}</code> was never started here, or retention removed it.
    </EmptyState>
  )
}
