'use client'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { type InstanceVerb, useInstanceVerb, VERBS } from './use-instance-actions'

export function VerbDialog({
  verb,
  instanceId,
  onClose,
}: {
  verb: InstanceVerb
  instanceId: string
  onClose: () => void
}) {
  const act = useInstanceVerb(verb, instanceId)
  const words = VERBS[verb]
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={words.title(instanceId)}
      consequence={words.consequence}
      confirmLabel={words.label}
      danger={words.danger}
      onConfirm={act}
    />
  )
}
