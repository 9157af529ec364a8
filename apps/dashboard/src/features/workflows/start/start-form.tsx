'use client'
/** The form made from the schema, and the same value as JSON beside it: whichever one edits, the other follows. */
import { useMutation } from '@tanstack/react-query'
import { History, Play, TriangleAlert } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { JsonEditor, parseJson } from '@/components/json-editor'
import { Panel } from '@/components/page-header'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { Menu } from '@/components/ui/menu'
import type { WorkflowDetails } from '@/lib/api-types'
import { describeError } from '@/lib/describe-error'
import { plural } from '@/lib/format'
import { isRecord, jsonPreview } from '@/lib/json'
import { useMay } from '@/lib/session'
import { toast } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'
import { asSchema, checkValue, type Issue, initialValue, type Path, setAt } from './form-model'
import { SchemaField } from './schema-field'

export function StartForm({ workflow }: { workflow: WorkflowDetails }) {
  const schema = asSchema(workflow.inputSchema)
  const hasSchema = isRecord(workflow.inputSchema)
  const [value, setValue] = useState<unknown>(() => (hasSchema ? initialValue(schema, schema) : {}))
  const [draft, setDraft] = useState<string | null>(null)
  const [instanceId, setInstanceId] = useState('')
  const [reason, setReason] = useState('')
  const [wasTried, setTried] = useState(false)
  const trpc = useTRPC()
  const router = useRouter()
  const may = useMay()
  const start = useMutation(trpc.instances.start.mutationOptions())
  const text = draft ?? JSON.stringify(value, null, 2) ?? 'null'
  const isText = draft === null || parseJson(draft).ok
  const local = hasSchema ? checkValue(schema, value, schema) : []
  const issues = [...(wasTried ? local : []), ...serverIssues(start.error)]
  const change = (next: unknown) => {
    setValue(next)
    start.reset()
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!isText || local.length > 0) return focusFirst()
    try {
      const started = await start.mutateAsync({
        workflowName: workflow.name,
        input: value,
        ...(instanceId ? { instanceId } : {}),
        ...(reason ? { reason } : {}),
      })
      toast({ kind: 'done', title: `${workflow.name} started`, detail: started.instanceId })
      router.push(`/instances/${encodeURIComponent(started.instanceId)}`)
    } catch {
      focusFirst()
    }
  }
  return (
    <form
      noValidate
      onSubmit={(event) => void submit(event)}
      className="grid items-start gap-3 px-4 pb-6 lg:grid-cols-2 lg:px-6"
    >
      <Panel title="Input" actions={<RecentInputs inputs={workflow.recentInputs} onPick={change} />}>
        <div className="p-3">
          {hasSchema ? (
            <SchemaField
              schema={schema}
              path={[]}
              label="input"
              required
              form={{
                root: schema,
                value,
                issues,
                onChange: (path: Path, next: unknown) => {
                  setDraft(null)
                  change(setAt(value, path, next))
                },
              }}
            />
          ) : (
            <p className="text-ink-muted">This workflow has no input schema. Write its input as JSON.</p>
          )}
        </div>
      </Panel>
      <div className="flex flex-col gap-3 lg:sticky lg:top-15">
        <Panel>
          <div className="p-3">
            <JsonEditor
              label="As JSON"
              rows={16}
              text={text}
              onChange={(next) => {
                setDraft(next)
                const parsed = parseJson(next)
                if (parsed.ok) change(parsed.value)
              }}
            />
          </div>
        </Panel>
        <Panel>
          <div className="flex flex-col gap-3 p-3">
            <InstanceIdField value={instanceId} onChange={setInstanceId} />
            <ReasonField value={reason} onChange={setReason} />
            {workflow.runnable ? null : (
              <p className="flex gap-1.5 text-warning text-xs">
                <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
                No live worker runs this workflow now: the instance stays pending until one does.
              </p>
            )}
            <Summary issues={issues} error={start.error} />
            <Button
              type="submit"
              variant="primary"
              size="md"
              disabled={!may.operate || start.isPending}
              className="self-start"
            >
              <Play />
              {start.isPending ? 'Starting …' : `Start ${workflow.name}`}
            </Button>
            {may.operate ? null : <p className="text-ink-muted text-xs">Your role may look, not start.</p>}
          </div>
        </Panel>
      </div>
    </form>
  )
}

interface TextProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

function InstanceIdField({ value, onChange }: TextProps) {
  return (
    <Field
      label="Instance id (optional)"
      hint="Your own id makes the start idempotent: a second start with it is refused"
    >
      {(ids) => (
        <Input
          {...ids}
          maxLength={191}
          value={value}
          onChange={(event) => onChange(event.target.value.trim())}
          className="font-mono text-xs"
        />
      )}
    </Field>
  )
}

function ReasonField({ value, onChange }: TextProps) {
  return (
    <Field label="Reason (optional)" hint="Kept in the audit">
      {(ids) => <Input {...ids} maxLength={500} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}

function Summary({ issues, error }: { issues: readonly Issue[]; error: unknown }) {
  if (issues.length === 0 && !error) return null
  const whole = error ? describeError(error) : null
  return (
    <div role="alert" className="rounded-md border border-danger/30 bg-danger/10 px-2.5 py-2 text-danger text-xs">
      <p className="font-medium">{issues.length > 0 ? `${plural(issues.length, 'field')} to mend` : whole?.title}</p>
      {issues.length > 0 ? (
        <ul className="mt-1 list-inside list-disc">
          {issues.slice(0, 8).map((issue) => (
            <li key={`${issue.path} ${issue.message}`} className="break-words">
              {issue.path ? <code>{issue.path}</code> : 'The whole'}: {issue.message}
            </li>
          ))}
        </ul>
      ) : (
        <p className="break-words">{whole?.message}</p>
      )}
    </div>
  )
}

function RecentInputs({
  inputs,
  onPick,
}: {
  inputs: WorkflowDetails['recentInputs']
  onPick: (value: unknown) => void
}) {
  if (inputs.length === 0) return null
  return (
    <Menu
      trigger={
        <Button>
          <History />
          Recent inputs
        </Button>
      }
      groups={[
        {
          label: 'Of the newest instances',
          items: inputs.slice(0, 10).map((input, index) => ({
            id: String(index),
            label: <code className="text-xs">{jsonPreview(input, 60)}</code>,
            onSelect: () => onPick(input),
          })),
        },
      ]}
    />
  )
}

/** What the server said about single fields; its paths begin at the input. */
function serverIssues(error: unknown): readonly Issue[] {
  const data = (error as { data?: { issues?: unknown } } | null)?.data
  if (!Array.isArray(data?.issues)) return []
  return (data.issues as readonly Issue[]).map(({ path, message }) => ({ path, message }))
}

function focusFirst(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
}
