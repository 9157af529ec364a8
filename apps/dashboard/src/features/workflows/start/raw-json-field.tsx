'use client'
import { useState } from 'react'
import { parseJson } from '@/components/json-editor'
import { Field, Textarea } from '@/components/ui/field'

/** For what the schema leaves open. The text is kept while it is no JSON, and only JSON is handed on. */
export function RawJsonField({
  label,
  required,
  value,
  error,
  onChange,
}: {
  label: string
  required: boolean
  value: unknown
  error: string | undefined
  onChange: (value: unknown) => void
}) {
  const written = value === undefined ? '' : JSON.stringify(value, null, 2)
  const [draft, setDraft] = useState<string | null>(null)
  const text = draft ?? written
  const parsed = text.trim() === '' ? null : parseJson(text)
  return (
    <Field label={label} required={required} hint="JSON" error={parsed && !parsed.ok ? parsed.message : error}>
      {(ids) => (
        <Textarea
          {...ids}
          rows={Math.min(8, text.split('\n').length + 1)}
          value={text}
          className="font-mono text-xs"
          onBlur={() => setDraft(null)}
          onChange={(event) => {
            const next = event.target.value
            setDraft(next)
            const result = next.trim() === '' ? null : parseJson(next)
            if (result === null) onChange(required ? null : undefined)
            else if (result.ok) onChange(result.value)
          }}
        />
      )}
    </Field>
  )
}
