'use client'
/** A new instance with this one's history before a step, and with edited input if wished. The original is left alone. */
import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useId, useState } from 'react'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { JsonEditor, parseJson } from '@/components/json-editor'
import { Checkbox, Field, Input } from '@/components/ui/field'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

export function ForkDialog({
  instanceId,
  fromSeq,
  onClose,
}: {
  instanceId: string
  fromSeq: number
  onClose: () => void
}) {
  const trpc = useTRPC()
  const router = useRouter()
  const { data } = useQuery(trpc.instances.get.queryOptions({ id: instanceId }))
  const [seq, setSeq] = useState(String(fromSeq))
  const [isEdited, setEdited] = useState(false)
  const [text, setText] = useState<string | null>(null)
  const fork = useMutation(trpc.instances.replay.mutationOptions())
  const editId = useId()
  const from = Number(seq)
  const inputText = text ?? JSON.stringify(data?.instance.input ?? null, null, 2)
  const canEdit = data !== undefined && !data.redacted
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      size="md"
      title={`Start a new instance from ${instanceId}`}
      consequence={
        from > 0
          ? `A new instance gets a copy of the ${from - 1} events before event ${from} and goes on from there with today’s code. ${instanceId} is left as it is.`
          : `A new instance starts from the beginning with this input. ${instanceId} is left as it is.`
      }
      confirmLabel={from > 0 ? `Fork from event ${from}` : 'Start again'}
      onConfirm={async (reason) => {
        const parsed = parseJson(inputText)
        if (isEdited && !parsed.ok) throw new Error(`The input is no JSON: ${parsed.message}`)
        const edited = isEdited && parsed.ok ? { input: parsed.value } : {}
        const made = await fork.mutateAsync({ id: instanceId, fromSeq: from, ...edited, ...(reason ? { reason } : {}) })
        toast({
          kind: 'done',
          title: 'New instance started',
          detail: made.instanceId,
          link: { href: `/instances/${encodeURIComponent(instanceId)}`, label: 'Back to the original' },
        })
        router.push(`/instances/${encodeURIComponent(made.instanceId)}`)
      }}
    >
      <Field label="From event" hint="0 starts from the beginning; history before this number is copied">
        {(ids) => (
          <Input
            {...ids}
            type="number"
            min={0}
            max={(data?.events ?? 0) + 1}
            value={seq}
            onChange={(event) => setSeq(event.target.value)}
            className="w-32"
          />
        )}
      </Field>
      <label htmlFor={editId} className="flex items-center gap-2">
        <Checkbox
          id={editId}
          checked={isEdited}
          disabled={!canEdit}
          onChange={(event) => setEdited(event.target.checked)}
        />
        Edit the input
      </label>
      {isEdited ? (
        <JsonEditor
          label="Input"
          text={inputText}
          onChange={setText}
          hint="Checked against the workflow’s schema when it starts"
        />
      ) : null}
    </ConfirmDialog>
  )
}
