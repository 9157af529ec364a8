'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { OctagonX, X } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import type { BulkOperation } from '@/lib/api-types'
import { describeError } from '@/lib/describe-error'
import { formatCount, plural } from '@/lib/format'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

const VERBS: Record<BulkOperation['action'], string> = {
  cancel: 'Cancelling',
  retry: 'Retrying',
  suspend: 'Suspending',
  resume: 'Resuming',
}

function isUnderWay(bulk: BulkOperation | undefined): boolean {
  return bulk?.state === 'running' || bulk?.state === 'listing'
}

export function BulkProgress({ id, onClose }: { id: string; onClose: () => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const { data: bulk, error } = useQuery(
    trpc.instances.bulk.get.queryOptions(
      { id },
      { refetchInterval: (query) => (isUnderWay(query.state.data) ? 700 : false), retry: false },
    ),
  )
  const abort = useMutation(
    trpc.instances.bulk.abort.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.instances.pathKey() }),
    }),
  )
  if (error && !bulk) {
    return (
      <Bar>
        <span>This operation is no longer known: {describeError(error).message}</span>
        <Dismiss onClick={onClose} />
      </Bar>
    )
  }
  if (!bulk) return null
  const handled = bulk.done + bulk.skipped + bulk.failed
  const summary = [
    `${formatCount(bulk.done)} done`,
    bulk.skipped ? `${formatCount(bulk.skipped)} skipped` : null,
    bulk.failed ? `${formatCount(bulk.failed)} failed` : null,
  ]
  return (
    <Bar>
      <span className="font-medium">{headline(bulk)}</span>
      <progress
        className="h-1.5 w-40 appearance-none overflow-hidden rounded-full bg-line sm:w-64 [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent"
        max={Math.max(bulk.total, 1)}
        value={handled}
        aria-label="Progress"
      />
      <span role="status" className="text-ink-muted text-xs tabular">
        {formatCount(handled)} of {formatCount(bulk.total)} · {summary.filter(Boolean).join(' · ')}
      </span>
      {bulk.error ? <span className="text-danger text-xs">{bulk.error}</span> : null}
      {bulk.errors.length > 0 ? <Failures bulk={bulk} /> : null}
      {isUnderWay(bulk) ? (
        <Button variant="danger" className="ml-auto" disabled={abort.isPending} onClick={() => abort.mutate({ id })}>
          <OctagonX />
          Stop
        </Button>
      ) : (
        <Dismiss onClick={onClose} />
      )}
    </Bar>
  )
}

function headline(bulk: BulkOperation): string {
  const subject = plural(bulk.total, 'instance')
  if (bulk.state === 'completed') return `${VERBS[bulk.action]} ${subject}: finished`
  if (bulk.state === 'aborted') return `${VERBS[bulk.action]} ${subject}: stopped`
  if (bulk.state === 'failed') return `${VERBS[bulk.action]} ${subject}: failed`
  return bulk.state === 'listing' ? 'Finding instances …' : `${VERBS[bulk.action]} ${subject} …`
}

function Failures({ bulk }: { bulk: BulkOperation }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button variant="ghost" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Hide' : 'Show'} {plural(bulk.errors.length, 'failure')}
      </Button>
      {open ? (
        <ul className="max-h-40 basis-full overflow-auto text-xs">
          {bulk.errors.map((failure) => (
            <li key={failure.instanceId} className="flex gap-2 py-0.5">
              <Link
                href={`/instances/${encodeURIComponent(failure.instanceId)}`}
                className="font-mono text-accent hover:underline"
              >
                {failure.instanceId}
              </Link>
              <span className="min-w-0 truncate text-ink-muted">{failure.message}</span>
            </li>
          ))}
        </ul>
      ) : null}
    </>
  )
}

function Bar({ children }: { children: React.ReactNode }) {
  return (
    <div className="sticky bottom-0 z-20 flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-t bg-raised px-4 py-2 shadow-pop lg:px-6">
      {children}
    </div>
  )
}

function Dismiss({ onClick }: { onClick: () => void }) {
  return (
    <Button variant="ghost" className="ml-auto" onClick={onClick}>
      <X />
      Close
    </Button>
  )
}
