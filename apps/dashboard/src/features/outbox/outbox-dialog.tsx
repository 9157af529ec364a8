'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { plural } from '@/lib/format'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'

export type OutboxAct = 'redrive' | 'discard'

const WORDS = {
  redrive: {
    label: 'Redrive',
    consequence:
      'Failed, invalid and expired events become due now, with their attempts counted from zero. Published ones are left alone.',
    done: 'due again',
    danger: false,
  },
  discard: {
    label: 'Discard',
    consequence: 'Unpublished events are deleted and will never be sent. This cannot be taken back.',
    done: 'discarded',
    danger: true,
  },
}

export function OutboxDialog({ act, ids, onClose }: { act: OutboxAct; ids: readonly string[]; onClose: () => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const mutation = useMutation(trpc.outbox[act].mutationOptions())
  const words = WORDS[act]
  const target = ids.length === 1 ? ids[0] : plural(ids.length, 'event')
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={`${words.label} ${target}?`}
      consequence={words.consequence}
      confirmLabel={words.label}
      danger={words.danger}
      onConfirm={async (reason) => {
        const { count } = await mutation.mutateAsync({ ids: [...ids], ...(reason ? { reason } : {}) })
        toast({
          kind: 'done',
          title: `${plural(count, 'event')} ${words.done}`,
          link: { href: '/audit', label: 'See it in the audit' },
        })
        await queries.invalidateQueries({ queryKey: trpc.outbox.pathKey() })
      }}
    />
  )
}
