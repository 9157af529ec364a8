'use client'
/** Acts on many: the selected rows, or all that the filters match. The operation lives on the server; this bar shows it and can stop it. */
import { useMutation } from '@tanstack/react-query'
import { Ban, CirclePause, Play, RotateCcw, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import type { BulkAction, InstanceQuery } from '@/lib/api-types'
import { plural } from '@/lib/format'
import { useTRPC } from '@/lib/trpc/client'
import { BulkProgress } from './bulk-progress'

const ACTIONS: Record<BulkAction, { label: string; icon: ReactNode; effect: string; danger: boolean }> = {
  retry: {
    label: 'Retry',
    icon: <RotateCcw />,
    effect: 'Failed instances go on from the activity that failed. Those that did not fail are skipped.',
    danger: false,
  },
  resume: { label: 'Resume', icon: <Play />, effect: 'Suspended instances go on. Others are skipped.', danger: false },
  suspend: {
    label: 'Suspend',
    icon: <CirclePause />,
    effect: 'Live instances are parked until they are resumed. Ended ones are skipped.',
    danger: false,
  },
  cancel: {
    label: 'Cancel',
    icon: <Ban />,
    effect: 'Live instances stop and undo what they completed. This cannot be taken back. Ended ones are skipped.',
    danger: true,
  },
}

interface Props {
  readonly selected: ReadonlySet<string>
  readonly filters: Omit<InstanceQuery, 'limit' | 'pageToken'>
  readonly onClear: () => void
}

/** `watched`: the operation whose progress is shown instead of the acts. */
export function BulkBar({
  selected,
  filters,
  onClear,
  watched,
  onWatch,
}: Props & { watched: string | null; onWatch: (id: string | null) => void }) {
  const [action, setAction] = useState<BulkAction | null>(null)
  if (watched) return <BulkProgress id={watched} onClose={() => onWatch(null)} />
  const target = selected.size > 0 ? `${plural(selected.size, 'instance')} selected` : 'All that match the filters'
  return (
    <div className="sticky bottom-0 z-20 flex flex-wrap items-center gap-2 border-line border-t bg-raised px-4 py-2 shadow-pop lg:px-6">
      <span className="mr-2 font-medium" role="status">
        {target}
      </span>
      {Object.entries(ACTIONS).map(([id, { label, icon, danger }]) => (
        <Button key={id} variant={danger ? 'danger' : 'outline'} onClick={() => setAction(id as BulkAction)}>
          {icon}
          {label} …
        </Button>
      ))}
      {selected.size > 0 ? (
        <Button variant="ghost" className="ml-auto" onClick={onClear}>
          <X />
          Clear selection
        </Button>
      ) : null}
      {action ? (
        <StartBulk
          action={action}
          selected={selected}
          filters={filters}
          onClose={() => setAction(null)}
          onStarted={(id) => {
            onWatch(id)
            onClear()
          }}
        />
      ) : null}
    </div>
  )
}

function StartBulk({
  action,
  selected,
  filters,
  onClose,
  onStarted,
}: Omit<Props, 'onClear'> & { action: BulkAction; onClose: () => void; onStarted: (id: string) => void }) {
  const trpc = useTRPC()
  const [rate, setRate] = useState('20')
  const [max, setMax] = useState('1000')
  const start = useMutation(trpc.instances.bulk.start.mutationOptions())
  const { label, effect, danger } = ACTIONS[action]
  const isFilter = selected.size === 0
  const who = isFilter ? `up to ${max} instances that match the filters` : plural(selected.size, 'instance')
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={`${label} ${who}?`}
      consequence={effect}
      confirmLabel={`${label} ${isFilter ? 'them' : plural(selected.size, 'instance')}`}
      danger={danger}
      onConfirm={async (reason) => {
        const members = isFilter ? { filter: filters, max: Number(max) } : { ids: [...selected] }
        const bulk = await start.mutateAsync({
          action,
          members,
          ratePerSecond: Number(rate),
          ...(reason ? { reason } : {}),
        })
        onStarted(bulk.id)
      }}
    >
      <div className="grid grid-cols-2 gap-3">
        <Field label="Per second" hint="Slower is kinder to what they call">
          {(ids) => (
            <Input
              {...ids}
              type="number"
              min={0.1}
              max={200}
              step="any"
              required
              value={rate}
              onChange={(event) => setRate(event.target.value)}
            />
          )}
        </Field>
        {isFilter ? (
          <Field label="At most">
            {(ids) => (
              <Input
                {...ids}
                type="number"
                min={1}
                max={10_000}
                required
                value={max}
                onChange={(event) => setMax(event.target.value)}
              />
            )}
          </Field>
        ) : null}
      </div>
    </ConfirmDialog>
  )
}
