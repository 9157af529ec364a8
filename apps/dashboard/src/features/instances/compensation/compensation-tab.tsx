'use client'
/** The stack in the order it is undone, operable one link at a time. Skipping and marking done say something about the world, so they ask for a reason. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCcw, SkipForward, Undo2, UserCheck } from 'lucide-react'
import { useState } from 'react'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { FailureView } from '@/components/failure-view'
import { JsonView } from '@/components/json-view/json-view'
import { RelativeTime } from '@/components/relative-time'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/states'
import type { CompensationRecord, InstanceDetails } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { formatCountdown } from '@/lib/format'
import { useMay } from '@/lib/session'
import { useNow } from '@/lib/ticker'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'
import { COMPENSATION_LOOK } from './look'

type Act = 'retry' | 'skip' | 'markDone'

const ACTS: Record<
  Act,
  { label: string; consequence: (name: string) => string; done: string; reasonRequired: boolean; danger: boolean }
> = {
  retry: {
    label: 'Retry',
    consequence: (name) => `${name} is run again with all its attempts, as soon as a worker takes it.`,
    done: 'Will be tried again',
    reasonRequired: false,
    danger: false,
  },
  skip: {
    label: 'Skip',
    consequence: (name) => `${name} is not run. What the step did stays done in the world.`,
    done: 'Skipped',
    reasonRequired: true,
    danger: true,
  },
  markDone: {
    label: 'Mark done',
    consequence: (name) => `${name} counts as undone, because you undid it by hand. Nothing is run.`,
    done: 'Marked as done',
    reasonRequired: true,
    danger: false,
  },
}

export function CompensationTab({ details, onSelect }: { details: InstanceDetails; onSelect: (id: string) => void }) {
  const stack = [...details.compensations].sort((a, b) => b.seq - a.seq)
  if (stack.length === 0) {
    return (
      <EmptyState icon={Undo2} title="Nothing to undo">
        Steps with a compensation (<code>onFailure</code> or <code>registerCompensation</code>) appear here once they
        completed, in the order in which they would be undone.
      </EmptyState>
    )
  }
  return (
    <div className="py-3">
      <p className="mb-2 text-ink-muted">
        Last first: this is the order in which they{' '}
        {details.instance.status === 'compensating' ? 'are' : 'would be or were'} undone.
      </p>
      <ol className="flex flex-col gap-2 border-line border-l-2 border-dashed pl-4">
        {stack.map((compensation, index) => (
          <Link
            key={compensation.seq}
            order={index + 1}
            compensation={compensation}
            details={details}
            onSelect={onSelect}
          />
        ))}
      </ol>
    </div>
  )
}

function Link({
  order,
  compensation,
  details,
  onSelect,
}: {
  order: number
  compensation: CompensationRecord
  details: InstanceDetails
  onSelect: (id: string) => void
}) {
  const [act, setAct] = useState<Act | null>(null)
  const may = useMay()
  const now = useNow()
  const look = COMPENSATION_LOOK[compensation.state]
  const Icon = look.icon
  const isOperable = may.operate && compensation.state === 'failed'
  return (
    <li className={cn('rounded-lg border bg-surface', look.frame)}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-3 py-2">
        <span className="text-ink-faint tabular">{order}.</span>
        <span className="min-w-0 font-semibold">{compensation.name}</span>
        <Badge tone={look.tone}>
          <Icon aria-hidden />
          {look.label}
        </Badge>
        <span className="text-ink-muted text-xs tabular">
          {compensation.attempts > 0
            ? `${compensation.attempts} ${compensation.attempts === 1 ? 'attempt' : 'attempts'}`
            : 'not tried'}
          {compensation.nextAttemptAt && now
            ? `, next in ${formatCountdown(compensation.nextAttemptAt.getTime(), now)}`
            : ''}
          {compensation.executedAt ? (
            <>
              , <RelativeTime at={compensation.executedAt} />
            </>
          ) : null}
        </span>
        {compensation.activityId ? (
          <button
            type="button"
            className="text-accent text-xs hover:underline"
            onClick={() => onSelect(compensation.activityId ?? '')}
          >
            undoes {compensation.activityId}
          </button>
        ) : null}
        {isOperable ? (
          <span className="ml-auto flex gap-1.5">
            <Button onClick={() => setAct('retry')}>
              <RotateCcw />
              Retry …
            </Button>
            <Button onClick={() => setAct('markDone')}>
              <UserCheck />
              Mark done …
            </Button>
            <Button variant="danger" onClick={() => setAct('skip')}>
              <SkipForward />
              Skip …
            </Button>
          </span>
        ) : null}
      </div>
      {compensation.lastError ? (
        <div className="border-line border-t px-3 py-2">
          <FailureView failure={compensation.lastError} label="Last error" />
        </div>
      ) : null}
      {details.redacted ? null : (
        <details className="border-line border-t">
          <summary className="px-3 py-1.5 text-ink-muted text-xs">Arguments</summary>
          <JsonView value={compensation.args} label={`Arguments of ${compensation.name}`} maxHeight={200} />
        </details>
      )}
      {act ? (
        <ActDialog
          act={act}
          compensation={compensation}
          instanceId={details.instance.instanceId}
          onClose={() => setAct(null)}
        />
      ) : null}
    </li>
  )
}

function ActDialog({
  act,
  compensation,
  instanceId,
  onClose,
}: {
  act: Act
  compensation: CompensationRecord
  instanceId: string
  onClose: () => void
}) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const words = ACTS[act]
  const mutation = useMutation(trpc.compensations[act].mutationOptions())
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={`${words.label} ${compensation.name} of ${instanceId}?`}
      consequence={words.consequence(compensation.name)}
      confirmLabel={words.label}
      danger={words.danger}
      reasonRequired={words.reasonRequired}
      onConfirm={async (reason) => {
        await mutation.mutateAsync({ instanceId, seq: compensation.seq, ...(reason ? { reason } : {}) })
        toast({
          kind: 'done',
          title: `${compensation.name}: ${words.done}`,
          link: { href: `/audit?target=${encodeURIComponent(instanceId)}`, label: 'See it in the audit' },
        })
        await queries.invalidateQueries({ queryKey: trpc.instances.pathKey() })
      }}
    />
  )
}
