'use client'
/** Compose an event, see beforehand what it would do, then send it. The preview asks the engine with exactly this data. */
import { keepPreviousData, useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleAlert, Play, Radio } from 'lucide-react'
import Link from 'next/link'
import { useDeferredValue, useState } from 'react'
import { ConfirmDialog } from '@/components/confirm-dialog'
import { JsonEditor, parseJson } from '@/components/json-editor'
import { Field, Input } from '@/components/ui/field'
import type { EventPreview } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { describeError } from '@/lib/describe-error'
import { plural } from '@/lib/format'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

export function SendEvent({
  initialType,
  initialData,
  onClose,
}: {
  initialType: string
  initialData: string | null
  onClose: () => void
}) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [type, setType] = useState(initialType)
  const [source, setSource] = useState('/dashboard')
  const [text, setText] = useState(() => prettyOr(initialData, '{}'))
  const send = useMutation(trpc.events.send.mutationOptions())
  const asked = useDeferredValue({ type: type.trim(), data: parseJson(text) })
  const preview = useQuery(
    trpc.events.preview.queryOptions(
      { type: asked.type || '-', data: asked.data.ok ? asked.data.value : null },
      { enabled: asked.type !== '' && asked.data.ok, placeholderData: keepPreviousData, staleTime: 2_000 },
    ),
  )
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      size="lg"
      title="Send an event"
      consequence="It is stored and routed as if it had arrived over HTTP: once it is accepted it cannot be called back."
      confirmLabel="Send"
      onConfirm={async (reason) => {
        const data = parseJson(text)
        if (!data.ok) throw new Error(`The data is no JSON: ${data.message}`)
        const sent = await send.mutateAsync({
          type: type.trim(),
          source,
          data: data.value,
          ...(reason ? { reason } : {}),
        })
        toast({
          kind: 'done',
          title: `${type.trim()} sent`,
          detail: sent.id,
          link: { href: '/events', label: 'See whom it reached' },
        })
        await Promise.all([
          queries.invalidateQueries({ queryKey: trpc.events.pathKey() }),
          queries.invalidateQueries({ queryKey: trpc.instances.pathKey() }),
        ])
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <div className="flex flex-col gap-3">
          <Field label="Type" required>
            {(ids) => (
              <Input
                {...ids}
                required
                maxLength={255}
                value={type}
                onChange={(event) => setType(event.target.value)}
                placeholder="order.approved"
              />
            )}
          </Field>
          <Field label="Source" required>
            {(ids) => (
              <Input
                {...ids}
                required
                maxLength={500}
                value={source}
                onChange={(event) => setSource(event.target.value)}
              />
            )}
          </Field>
          <JsonEditor label="Data" text={text} onChange={setText} rows={9} />
        </div>
        <section aria-label="What would match" aria-live="polite" aria-busy={preview.isFetching} className="min-w-0">
          <h3 className="mb-1.5 font-medium text-xs">What would match</h3>
          {asked.type === '' ? <p className="text-ink-muted">Give it a type to see whom it would reach.</p> : null}
          {preview.error ? <p className="text-danger text-xs">{describeError(preview.error).message}</p> : null}
          {asked.type !== '' && preview.data ? <Preview preview={preview.data} /> : null}
        </section>
      </div>
    </ConfirmDialog>
  )
}

const SHOWN = 8

function Preview({ preview }: { preview: EventPreview }) {
  const isNobody = preview.starts.length === 0 && preview.matches.length === 0
  return (
    <div className="flex flex-col gap-3 text-xs">
      {isNobody ? (
        <p className="flex gap-1.5 text-warning">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          Nobody: no workflow handles this type and no wait fits this data.
        </p>
      ) : null}
      {preview.starts.map((name) => (
        <p key={name} className="flex items-center gap-1.5">
          <Play aria-hidden className="size-3.5 text-running" />
          starts{' '}
          <Link href={`/workflows/${encodeURIComponent(name)}`} className="font-medium hover:underline">
            {name}
          </Link>
        </p>
      ))}
      <Waits title={(count) => `wakes ${plural(count, 'instance')}`} tone="text-success" waits={preview.matches} />
      <Waits
        title={(count) => `${count} ${count === 1 ? 'waits' : 'wait'} for this type with another condition`}
        tone="text-ink-muted"
        waits={preview.misses}
      />
    </div>
  )
}

function Waits({
  title,
  tone,
  waits,
}: {
  title: (count: number) => string
  tone: string
  waits: EventPreview['misses']
}) {
  if (waits.length === 0) return null
  return (
    <div>
      <p className={cn('flex items-center gap-1.5 font-medium', tone)}>
        <Radio aria-hidden className="size-3.5" />
        {title(waits.length)}
      </p>
      <ul className="mt-1 flex flex-col gap-1 pl-5">
        {waits.slice(0, SHOWN).map((wait) => (
          <li key={`${wait.instanceId} ${wait.activityId}`} className="min-w-0">
            <Link
              href={`/instances/${encodeURIComponent(wait.instanceId)}`}
              className="block truncate font-mono text-accent hover:underline"
            >
              {wait.instanceId}
            </Link>
            {Object.entries(wait.where ?? {}).map(([path, value]) => (
              <code key={path} className="block truncate text-2xs text-ink-muted">
                {path} = {JSON.stringify(value)}
              </code>
            ))}
          </li>
        ))}
        {waits.length > SHOWN ? <li className="text-ink-faint">and {waits.length - SHOWN} more</li> : null}
      </ul>
    </div>
  )
}

function prettyOr(text: string | null, fallback: string): string {
  const parsed = parseJson(text ?? fallback)
  return parsed.ok ? JSON.stringify(parsed.value, null, 2) : fallback
}
