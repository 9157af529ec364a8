'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { JsonEditor, parseJson } from '@/components/json-editor'
import { Field, Input } from '@/components/ui/field'
import type { InstanceDetails } from '@/lib/api-types'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'

/** One message for this instance only, on a channel of its choice. */
export function SendMessage({ details, onClose }: { details: InstanceDetails; onClose: () => void }) {
  const { instanceId } = details.instance
  const trpc = useTRPC()
  const queries = useQueryClient()
  const waiting =
    details.pending.find((operation) => operation.kind === 'message') ??
    details.pending.find((operation) => operation.kind === 'event')
  const [channel, setChannel] = useState(waiting?.name ?? details.subscriptions[0]?.channel ?? '')
  const [text, setText] = useState('{}')
  const publish = useMutation(trpc.channels.publish.mutationOptions())
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      size="md"
      title={`Send a message to ${instanceId}`}
      consequence="It is published for this instance alone. If the instance waits for it, it goes on at once; if not, the message waits for it."
      confirmLabel="Send"
      onConfirm={async (reason) => {
        const data = parseJson(text)
        if (!data.ok) throw new Error(`The data is no JSON: ${data.message}`)
        const sent = await publish.mutateAsync({
          name: channel,
          data: data.value,
          targetInstanceId: instanceId,
          ...(reason ? { reason } : {}),
        })
        toast({
          kind: 'done',
          title: sent.receivers.length > 0 ? 'Sent: it was waiting for this' : 'Sent: kept until it receives',
          detail: sent.messageId,
        })
        await queries.invalidateQueries({ queryKey: trpc.instances.pathKey() })
      }}
    >
      <Field label="Channel" required>
        {(ids) => (
          <Input
            {...ids}
            required
            maxLength={350}
            value={channel}
            onChange={(event) => setChannel(event.target.value)}
            list="subscribed-channels"
          />
        )}
      </Field>
      <datalist id="subscribed-channels">
        {details.subscriptions.map((subscription) => (
          <option key={subscription.channel} value={subscription.channel} />
        ))}
      </datalist>
      <JsonEditor label="Data" text={text} onChange={setText} rows={7} />
    </ConfirmDialog>
  )
}
