'use client'
/** The states that are not "here is the data": empty, no match, error, gone. Each says what is so, why, and what one can do. */
import { CircleAlert, type LucideIcon, RefreshCw, SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import { describeError } from '@/lib/describe-error'
import { Button } from './button'

export function EmptyState({
  icon: Icon,
  title,
  children,
  actions,
}: {
  icon: LucideIcon
  title: string
  children?: ReactNode
  actions?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-14 text-center">
      <span className="mb-1 flex size-10 items-center justify-center rounded-full border border-line bg-sunken text-ink-faint">
        <Icon aria-hidden className="size-5" strokeWidth={1.5} />
      </span>
      <h2 className="font-semibold text-base">{title}</h2>
      {children ? <div className="max-w-md text-pretty text-ink-muted">{children}</div> : null}
      {actions ? <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div> : null}
    </div>
  )
}

export function NoMatch({ what, onClear }: { what: string; onClear: () => void }) {
  return (
    <EmptyState icon={SearchX} title={`No ${what} match`} actions={<Button onClick={onClear}>Clear filters</Button>}>
      Nothing fits all of the filters at once. Remove one, or widen the dates.
    </EmptyState>
  )
}

export function ErrorState({
  error,
  onRetry,
  title,
}: {
  error: unknown
  onRetry?: (() => void) | undefined
  title?: string
}) {
  const described = describeError(error)
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-6 py-14 text-center">
      <span className="mb-1 flex size-10 items-center justify-center rounded-full border border-danger/30 bg-danger/10 text-danger">
        <CircleAlert aria-hidden className="size-5" strokeWidth={1.5} />
      </span>
      <h2 className="font-semibold text-base">{title ?? described.title}</h2>
      <p className="max-w-lg text-pretty text-ink-muted">{described.message}</p>
      {described.code ? <code className="text-ink-faint text-xs">{described.code}</code> : null}
      {onRetry ? (
        <Button className="mt-2" onClick={onRetry}>
          <RefreshCw />
          Try again
        </Button>
      ) : null}
    </div>
  )
}

/** A quiet line above data that could not be renewed: what was loaded stays. */
export function StaleNote({ error }: { error: unknown }) {
  if (!error) return null
  return (
    <p
      role="status"
      className="flex items-center gap-1.5 border-line border-b bg-warning/10 px-4 py-1.5 text-warning text-xs"
    >
      <CircleAlert aria-hidden className="size-3.5" />
      Could not be renewed; shown as last loaded. {describeError(error).message}
    </p>
  )
}
