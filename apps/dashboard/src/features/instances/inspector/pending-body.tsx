'use client'
import { JsonView } from '@/components/json-view/json-view'
import type { PendingRecord } from '@/lib/api-types'
import { formatAbsolute, formatClock, formatCountdown } from '@/lib/format'
import { useNow } from '@/lib/ticker'

const DUE_WORDS: Record<PendingRecord['kind'], string> = {
  activity: 'next attempt',
  timer: 'due',
  message: 'times out',
  event: 'times out',
  child: 'due',
}

/** An operation that is still open: what it waits for, until when, and how it has gone so far. */
export function PendingBody({ pending }: { pending: PendingRecord }) {
  const now = useNow()
  return (
    <section className="flex flex-col gap-2 px-3 py-2.5">
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-xs">
        {pending.attempt === null ? null : (
          <>
            <dt className="text-ink-muted">attempt</dt>
            <dd className="tabular">{pending.attempt}</dd>
          </>
        )}
        {pending.dueAt && now ? (
          <>
            <dt className="text-ink-muted">{DUE_WORDS[pending.kind]}</dt>
            <dd className="tabular" title={formatAbsolute(pending.dueAt.getTime())}>
              {pending.dueAt.getTime() <= now ? 'due now' : `in ${formatCountdown(pending.dueAt.getTime(), now)}`}
            </dd>
          </>
        ) : null}
        {pending.where && Object.keys(pending.where).length > 0 ? (
          <>
            <dt className="text-ink-muted">only where</dt>
            <dd>
              {Object.entries(pending.where).map(([path, value]) => (
                <code key={path} className="block break-all">
                  {path} = {JSON.stringify(value)}
                </code>
              ))}
            </dd>
          </>
        ) : null}
      </dl>
      {pending.heartbeat === null ? null : (
        <div>
          <h3 className="mb-1 font-medium text-ink-muted text-xs">Last heartbeat</h3>
          <div className="rounded-md bg-sunken">
            <JsonView value={pending.heartbeat} label="Last heartbeat" maxHeight={120} />
          </div>
        </div>
      )}
      {pending.errors.length > 0 ? (
        <div>
          <h3 className="mb-1 font-medium text-ink-muted text-xs">Failed attempts</h3>
          <ol className="flex flex-col gap-1 text-xs">
            {pending.errors.map((error) => (
              <li key={error.attempt} className="flex gap-2">
                <span className="text-ink-faint tabular">#{error.attempt}</span>
                <span className="min-w-0 flex-1 break-words">
                  <span className="text-danger">{error.errorType}</span>: {error.message}
                </span>
                <span className="text-ink-faint tabular">{formatClock(error.at.getTime())}</span>
              </li>
            ))}
          </ol>
        </div>
      ) : null}
    </section>
  )
}
