'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, ChevronsLeft, Inbox } from 'lucide-react'
import dynamic from 'next/dynamic'
import { useEffect, useRef, useState } from 'react'
import { DataTable } from '@/components/data-table/data-table'
import { IgnoredNote } from '@/components/ignored-note'
import { PageHeader } from '@/components/page-header'
import { Button, LinkButton } from '@/components/ui/button'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, NoMatch, StaleNote } from '@/components/ui/states'
import type { InstancePage } from '@/lib/api-types'
import { engineCode } from '@/lib/describe-error'
import { useMay } from '@/lib/session'
import { useStored } from '@/lib/stored'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { ColumnChooser, useHiddenColumns } from './column-chooser'
import { instanceColumns } from './columns'
import { FilterBar } from './filter-bar'
import { isFiltered, NO_FILTERS, toQuery } from './filters'
import { useListState } from './search-params'

const BulkBar = dynamic(() => import('../actions/bulk-bar').then((module) => module.BulkBar), { ssr: false })

const PAGE_SIZE = 50
const NONE: ReadonlySet<string> = new Set()

function isIdOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

export function InstanceList() {
  const list = useListState()
  const trpc = useTRPC()
  const may = useMay()
  const [selected, setSelected] = useState<ReadonlySet<string>>(NONE)
  const [hidden, setHidden] = useHiddenColumns()
  const [bulk, setBulk] = useStored<string | null>('bulk', null, isIdOrNull)
  // a page belongs to its filters: one from elsewhere is ignored like anything else of an address that makes no sense
  const [refusedPage, setRefusedPage] = useState<string | null>(null)
  const token = list.page === refusedPage ? null : list.page
  const query = useQuery(
    trpc.instances.find.queryOptions(
      { ...toQuery(list.filters), limit: PAGE_SIZE, ...(token ? { pageToken: token } : {}) },
      { placeholderData: keepPreviousData },
    ),
  )
  const isRefused = engineCode(query.error) === 'INVALID_PAGE_TOKEN'
  useEffect(() => {
    if (isRefused) setRefusedPage(token)
  }, [isRefused, token])
  const page = query.data
  return (
    <>
      <PageHeader
        title="Instances"
        actions={
          <>
            <ColumnChooser hidden={hidden} onChange={setHidden} />
            {may.operate ? (
              <LinkButton href="/workflows" variant="primary">
                Start a workflow
              </LinkButton>
            ) : null}
          </>
        }
      />
      <FilterBar filters={list.filters} text={list.text} onChange={list.setFilters} />
      <IgnoredNote ignored={list.page && !token ? [...list.ignored, `page=${list.page}`] : list.ignored} />
      {query.isError && page ? <StaleNote error={query.error} /> : null}
      <div className="flex flex-1 flex-col border-line border-t bg-surface">
        {page && page.instances.length > 0 ? (
          <DataTable
            label="Instances"
            rows={page.instances}
            columns={instanceColumns}
            rowId={(row) => row.instanceId}
            rowHref={(row) => `/instances/${encodeURIComponent(row.instanceId)}`}
            hidden={hidden}
            dimmed={query.isPlaceholderData}
            {...(may.operate ? { selection: { ids: selected, onChange: setSelected, noun: 'instances' } } : {})}
            footer={<Pager page={page} token={token} onPage={list.setPage} />}
          />
        ) : (
          <OtherStates
            isPending={query.isPending}
            error={page ? null : query.error}
            onRetry={() => void query.refetch()}
            isFiltered={isFiltered(list.filters)}
            onClear={() => list.setFilters(NO_FILTERS)}
          />
        )}
      </div>
      {may.operate && (bulk || selected.size > 0 || list.filters.status.includes('failed')) ? (
        <BulkBar
          selected={selected}
          onClear={() => setSelected(NONE)}
          filters={toQuery(list.filters)}
          watched={bulk}
          onWatch={setBulk}
        />
      ) : null}
    </>
  )
}

function OtherStates(props: {
  isPending: boolean
  error: unknown
  onRetry: () => void
  isFiltered: boolean
  onClear: () => void
}) {
  if (props.error) return <ErrorState error={props.error} onRetry={props.onRetry} />
  if (props.isPending) return <SkeletonRows rows={12} label="Loading instances" />
  if (props.isFiltered) return <NoMatch what="instances" onClear={props.onClear} />
  return (
    <EmptyState
      icon={Inbox}
      title="No instances yet"
      actions={<LinkButton href="/workflows">See the workflows</LinkButton>}
    >
      An instance appears here the moment a workflow is started: from code with <code>app.start()</code>, by a
      CloudEvent, or with a form.
    </EmptyState>
  )
}

function Pager({
  page,
  token,
  onPage,
}: {
  page: InstancePage
  token: string | null
  onPage: (token: string | null) => void
}) {
  // Keyset pages know only the way on; the way back is what this page has walked.
  const walked = useRef<(string | null)[]>([])
  const back = () => onPage(walked.current.pop() ?? null)
  const on = () => {
    walked.current.push(token)
    onPage(page.nextPageToken)
  }
  if (!token && !page.hasMore) {
    return (
      <p className="px-4 py-2.5 text-ink-faint text-xs lg:px-6">
        {page.instances.length === 1 ? 'One instance' : `All ${page.instances.length} instances`}, newest first
      </p>
    )
  }
  return (
    <nav aria-label="Pages" className="flex items-center gap-2 border-line border-t px-4 py-2 lg:px-6">
      <span className="mr-auto text-ink-faint text-xs">
        {token ? 'Older instances' : `Newest ${page.instances.length}`}
      </span>
      <Button disabled={!token} onClick={() => onPage(null)}>
        <ChevronsLeft />
        Newest
      </Button>
      <Button disabled={!token} onClick={back}>
        <ChevronLeft />
        Newer
      </Button>
      <Button disabled={!page.hasMore} onClick={on}>
        Older
        <ChevronRight />
      </Button>
    </nav>
  )
}
