'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ConfirmDialog } from '@/components/confirm-dialog'
import type { MessageRecord } from '@/lib/api-types'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'

export type MessageAct = 'redeliver' | 'delete'

const WORDS = {
  redeliver: {
    title: (seq: number) => `Deliver message ${seq} again?`,
    consequence: (name: string) =>
      `It is published on ${name} once more, as a new message. Who received it before may receive it a second time.`,
    label: 'Deliver again',
    done: 'Published again',
  },
  delete: {
    title: (seq: number) => `Delete message ${seq}?`,
    consequence: (name: string) =>
      `It is taken from ${name}: who has not read it never will. What was read already stays read. This cannot be taken back.`,
    label: 'Delete',
    done: 'Deleted',
  },
}

/** Asks before something is done with one stored message. */
export function MessageDialog({
  act,
  name,
  message,
  onClose,
}: {
  act: MessageAct
  name: string
  message: MessageRecord
  onClose: () => void
}) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const redeliver = useMutation(trpc.channels.redeliver.mutationOptions())
  const remove = useMutation(trpc.channels.delete.mutationOptions())
  const words = WORDS[act]
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={words.title(message.seq)}
      consequence={words.consequence(name)}
      confirmLabel={words.label}
      danger={act === 'delete'}
      onConfirm={async (reason) => {
        const target = { name, seq: message.seq, ...(reason ? { reason } : {}) }
        const { messageId } = await (act === 'delete' ? remove.mutateAsync(target) : redeliver.mutateAsync(target))
        toast({
          kind: 'done',
          title: words.done,
          detail: messageId,
          link: { href: `/audit?target=${encodeURIComponent(name)}`, label: 'See it in the audit' },
        })
        await queries.invalidateQueries({ queryKey: trpc.channels.pathKey() })
      }}
    />
  )
}
