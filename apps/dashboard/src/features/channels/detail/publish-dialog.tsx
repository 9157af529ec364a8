'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { JsonEditor, parseJson } from '@/components/json-editor'
import { Field, Input } from '@/components/ui/field'
import { plural } from '@/lib/format'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'

export function PublishDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [text, setText] = useState('{}')
  const [target, setTarget] = useState('')
  const publish = useMutation(trpc.channels.publish.mutationOptions())
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      size="md"
      title={`Publish on ${name}`}
      consequence="The message gets the channel’s next number. Instances that wait for it go on at once."
      confirmLabel="Publish"
      onConfirm={async (reason) => {
        const data = parseJson(text)
        if (!data.ok) throw new Error(`The data is no JSON: ${data.message}`)
        const sent = await publish.mutateAsync({
          name,
          data: data.value,
          ...(target ? { targetInstanceId: target } : {}),
          ...(reason ? { reason } : {}),
        })
        toast({
          kind: 'done',
          title:
            sent.receivers.length > 0
              ? `Published: ${plural(sent.receivers.length, 'instance')} waited for it`
              : 'Published: nobody was waiting',
          detail: sent.messageId,
        })
        await queries.invalidateQueries({ queryKey: trpc.channels.pathKey() })
      }}
    >
      <JsonEditor label="Data" text={text} onChange={setText} rows={8} />
      <Field label="Only for one instance (optional)">
        {(ids) => (
          <Input
            {...ids}
            maxLength={191}
            value={target}
            onChange={(event) => setTarget(event.target.value.trim())}
            className="font-mono text-xs"
          />
        )}
      </Field>
    </ConfirmDialog>
  )
}
