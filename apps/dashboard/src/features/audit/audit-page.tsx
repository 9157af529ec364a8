'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { ScrollText } from 'lucide-react'
import Link from 'next/link'
import { parseAsString, useQueryStates } from 'nuqs'
import { type FormEvent, useState } from 'react'
import { BeforePager } from '@/components/data-table/before-pager'
import { type Column, DataTable } from '@/components/data-table/data-table'
import { RowButton } from '@/components/data-table/row-link'
import { IgnoredParams } from '@/components/ignored-note'
import { JsonView } from '@/components/json-view/json-view'
import { PageHeader } from '@/components/page-header'
import { RelativeTime } from '@/components/relative-time'
import { Button } from '@/components/ui/button'
import { Sheet } from '@/components/ui/dialog'
import { Input } from '@/components/ui/field'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, NoMatch, StaleNote } from '@/components/ui/states'
import type { AuditRecord } from '@/lib/api-types'
import { formatAbsolute } from '@/lib/format'
import { parseAsCount } from '@/lib/search-parsers'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

const PAGE = 50
const parsers = { target: parseAsString, actor: parseAsString, before: parseAsCount, entry: parseAsCount }

export function AuditPage() {
  const [view, set] = useQueryStates(parsers, { history: 'push' })
  const trpc = useTRPC()
  const query = useQuery(
    trpc.audit.list.queryOptions(
      {
        limit: PAGE,
        ...(view.target ? { target: view.target } : {}),
        ...(view.actor ? { actor: view.actor } : {}),
        ...(view.before ? { before: view.before } : {}),
      },
      { placeholderData: keepPreviousData },
    ),
  )
  const entries = query.data?.entries
  const open = entries?.find((entry) => entry.id === view.entry)
  const isFiltered = view.target !== null || view.actor !== null
  return (
    <>
      <PageHeader title="Audit" description="Who did what, to what, and why. Written in the transaction of the act." />
      <Filters
        key={`${view.target} ${view.actor}`}
        target={view.target}
        actor={view.actor}
        onChange={(filters) => void set({ ...filters, before: null })}
      />
      <IgnoredParams parsers={parsers} />
      {query.isError && entries ? <StaleNote error={query.error} /> : null}
      <div className="flex-1 border-line border-t bg-surface">
        {entries && entries.length > 0 ? (
          <DataTable
            label="Audit"
            rows={entries}
            columns={columns((entry) => void set({ entry }, { history: 'replace' }))}
            rowId={(row) => String(row.id)}
            onOpen={(row) => void set({ entry: row.id }, { history: 'replace' })}
            activeId={view.entry === null ? null : String(view.entry)}
            dimmed={query.isPlaceholderData}
            footer={
              <BeforePager
                isFirst={view.before === null}
                next={query.data?.nextBefore ?? null}
                onPage={(before) => void set({ before })}
              />
            }
          />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={8} label="Loading the audit" />
        ) : isFiltered ? (
          <NoMatch what="acts" onClear={() => void set({ target: null, actor: null, before: null })} />
        ) : (
          <EmptyState icon={ScrollText} title="Nobody has done anything yet">
            Every act of an operator leaves an entry: a cancel, a retry, a skipped compensation, a sent event.
          </EmptyState>
        )}
      </div>
      {open ? <EntrySheet entry={open} onClose={() => void set({ entry: null }, { history: 'replace' })} /> : null}
    </>
  )
}

function Filters({
  target,
  actor,
  onChange,
}: {
  target: string | null
  actor: string | null
  onChange: (filters: { target: string | null; actor: string | null }) => void
}) {
  const [draft, setDraft] = useState({ target: target ?? '', actor: actor ?? '' })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onChange({ target: draft.target.trim() || null, actor: draft.actor.trim() || null })
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-center gap-1.5 px-4 pb-3 lg:px-6">
      <Input
        aria-label="Target"
        placeholder="Target, e.g. an instance id"
        value={draft.target}
        onChange={(event) => setDraft({ ...draft, target: event.target.value })}
        className="h-7 w-64 text-xs"
      />
      <Input
        aria-label="Actor"
        placeholder="Actor"
        value={draft.actor}
        onChange={(event) => setDraft({ ...draft, actor: event.target.value })}
        className="h-7 w-44 text-xs"
      />
      <Button type="submit">Filter</Button>
      {target !== null || actor !== null ? (
        <Button variant="ghost" onClick={() => onChange({ target: null, actor: null })}>
          Clear
        </Button>
      ) : null}
    </form>
  )
}

function columns(open: (id: number) => void): readonly Column<AuditRecord>[] {
  return [
    {
      id: 'at',
      header: 'When',
      meta: { className: 'w-px whitespace-nowrap' },
      cell: ({ row: { original } }) => <RelativeTime at={original.at} className="text-ink-muted" />,
    },
    {
      id: 'actor',
      header: 'Who',
      meta: { className: 'max-w-48 max-sm:hidden' },
      cell: ({ row: { original } }) => <span className="block truncate">{original.actor}</span>,
    },
    {
      id: 'action',
      header: 'What',
      meta: { className: 'w-px whitespace-nowrap' },
      cell: ({ row: { original } }) => (
        <RowButton onClick={() => open(original.id)} className="font-medium">
          {original.action}
        </RowButton>
      ),
    },
    {
      id: 'target',
      header: 'To what',
      meta: { className: 'max-w-72' },
      cell: ({ row: { original } }) => <code className="block truncate text-xs">{original.target}</code>,
    },
    {
      id: 'reason',
      header: 'Why',
      meta: { className: 'hidden md:table-cell max-w-lg' },
      cell: ({ row: { original } }) => (
        <span className={original.reason ? 'block truncate' : 'text-ink-faint'}>
          {original.reason ?? 'no reason given'}
        </span>
      ),
    },
  ]
}

function EntrySheet({ entry, onClose }: { entry: AuditRecord; onClose: () => void }) {
  const isInstance = /^(instance|compensation)/.test(entry.action)
  return (
    <Sheet
      open
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose()
      }}
      title={entry.action}
      description={`${entry.actor}, ${formatAbsolute(entry.at.getTime())}`}
    >
      <div className="flex flex-col gap-4">
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
          <dt className="text-ink-muted">Target</dt>
          <dd className="min-w-0 break-all">
            {isInstance ? (
              <Link
                href={`/instances/${encodeURIComponent(entry.target)}`}
                className="font-mono text-accent text-xs hover:underline"
              >
                {entry.target}
              </Link>
            ) : (
              <code className="text-xs">{entry.target}</code>
            )}
          </dd>
          <dt className="text-ink-muted">Reason</dt>
          <dd>{entry.reason ?? <span className="text-ink-faint">none given</span>}</dd>
          {entry.requestId ? (
            <>
              <dt className="text-ink-muted">Request</dt>
              <dd>
                <code className="text-xs">{entry.requestId}</code>
              </dd>
            </>
          ) : null}
        </dl>
        <div className="grid gap-3 sm:grid-cols-2">
          <Side title="Before" value={entry.before} />
          <Side title="After" value={entry.after} />
        </div>
      </div>
    </Sheet>
  )
}

function Side({ title, value }: { title: string; value: unknown }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 font-medium text-ink-muted text-xs">{title}</h3>
      <div className="rounded-md border border-line bg-surface">
        {value === null ? (
          <p className="px-3 py-4 text-center text-ink-faint">nothing</p>
        ) : (
          <JsonView value={value} label={title} />
        )}
      </div>
    </div>
  )
}
