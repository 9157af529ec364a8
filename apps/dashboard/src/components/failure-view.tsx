'use client'
import { useState } from 'react'
import type { Failure } from '@/lib/api-types'
import { CopyButton } from './copy-button'
import { JsonView } from './json-view/json-view'
import { Button } from './ui/button'

/** An error as it was stored: class, message, code, fields, stack, and what caused it. */
export function FailureView({ failure, label = 'Error' }: { failure: Failure; label?: string }) {
  const [stackOpen, setStackOpen] = useState(false)
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div className="flex items-start gap-1">
        <p className="min-w-0 flex-1 break-words">
          <span className="font-semibold text-danger">{failure.name}</span>
          {failure.code ? (
            <code className="ml-1.5 rounded-sm bg-danger/10 px-1 text-2xs text-danger">{failure.code}</code>
          ) : null}
          <span className="mt-0.5 block whitespace-pre-wrap">{failure.message}</span>
        </p>
        <CopyButton text={() => textOf(failure)} label={`Copy ${label}`} />
      </div>
      {failure.fields && Object.keys(failure.fields).length > 0 ? (
        <div className="rounded-md bg-sunken">
          <JsonView value={failure.fields} label={`${label} fields`} maxHeight={140} />
        </div>
      ) : null}
      {failure.stack ? (
        <div>
          <Button variant="ghost" className="-ml-2" aria-expanded={stackOpen} onClick={() => setStackOpen(!stackOpen)}>
            {stackOpen ? 'Hide stack' : 'Show stack'}
          </Button>
          {stackOpen ? (
            <section
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a pane that scrolls must be reachable by keyboard
              tabIndex={0}
              aria-label={`Stack of ${failure.name}`}
              className="max-h-72 overflow-auto rounded-md bg-sunken p-2.5"
            >
              <pre className="text-xs leading-5">{failure.stack}</pre>
            </section>
          ) : null}
        </div>
      ) : null}
      {failure.cause ? (
        <div className="mt-1 border-line border-l-2 pl-3">
          <p className="mb-0.5 text-2xs text-ink-muted">caused by</p>
          <FailureView failure={failure.cause} label="Cause" />
        </div>
      ) : null}
    </div>
  )
}

function textOf(failure: Failure): string {
  const own = failure.stack ?? `${failure.name}: ${failure.message}`
  return failure.cause ? `${own}\ncaused by ${textOf(failure.cause)}` : own
}
