'use client'
/** Text that must be JSON: says where it is not, formats on request, indents with Tab only after the person asked to stay (Escape, then Tab, leaves). */
import { useId } from 'react'
import { cn } from '@/lib/cn'
import { Button } from './ui/button'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type ParsedJson = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string }

export function parseJson(text: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : 'This is no JSON' }
  }
}

export interface JsonEditorProps {
  readonly label: string
  readonly text: string
  readonly onChange: (text: string) => void
  readonly rows?: number
  readonly hint?: string
  readonly className?: string
}

export function JsonEditor({ label, text, onChange, rows = 12, hint, className }: JsonEditorProps) {
  const id = useId()
  const parsed = parseJson(text)
  return (
    <div className={cn('flex min-w-0 flex-col gap-1', className)}>
      <div className="flex items-center gap-2">
        <label htmlFor={id} className="flex-1 font-medium text-xs">
          {label}
        </label>
        <Button
          variant="ghost"
          disabled={!parsed.ok}
          onClick={() => parsed.ok && onChange(JSON.stringify(parsed.value, null, 2))}
        >
          Format
        </Button>
      </div>
      <textarea
        id={id}
        value={text}
        rows={rows}
        spellCheck={false}
        aria-invalid={!parsed.ok}
        aria-describedby={`${id}-note`}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-24 w-full flex-1 resize-y rounded-md border border-line-strong/70 bg-surface p-2.5 font-mono text-xs leading-5 focus:border-focus focus:outline-2 focus:outline-focus/30 aria-[invalid=true]:border-danger"
      />
      <p id={`${id}-note`} role="status" className={cn('text-xs', parsed.ok ? 'text-ink-muted' : 'text-danger')}>
        {parsed.ok ? hint : parsed.message}
      </p>
    </div>
  )
}
