'use client'
import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import { LinkButton } from '@/components/ui/button'
import type { SuggestedAction, Verdict } from '@/lib/api-types'
import { cn } from '@/lib/cn'
import { formatAbsolute, formatCountdown } from '@/lib/format'
import { useNow } from '@/lib/ticker'
import { SuggestedButton } from '../actions/suggested-button'

const LOOK = {
  ok: { icon: CircleCheck, tone: 'text-success', edge: 'border-l-success' },
  info: { icon: Info, tone: 'text-waiting', edge: 'border-l-waiting' },
  attention: { icon: TriangleAlert, tone: 'text-warning', edge: 'border-l-warning' },
  critical: { icon: CircleAlert, tone: 'text-danger', edge: 'border-l-danger' },
} satisfies Record<Verdict['severity'], unknown>

/** The answer to "what is wrong, why, what happens next, what can I safely do?", before everything else. */
export function VerdictCard({ verdict, instanceId }: { verdict: Verdict; instanceId: string }) {
  const { icon: Icon, tone, edge } = LOOK[verdict.severity]
  const actions = verdict.suggestedActions
  return (
    <section
      aria-label="Verdict"
      className={cn(
        'flex flex-wrap items-start gap-x-4 gap-y-2 rounded-lg border border-line border-l-3 bg-surface px-3.5 py-3',
        edge,
      )}
    >
      <Icon aria-hidden className={cn('mt-0.5 size-4.5 shrink-0', tone)} />
      <div className="min-w-56 flex-1">
        <h2 className="font-semibold text-base">{verdict.headline}</h2>
        <p className="mt-0.5 max-w-3xl text-pretty text-ink-muted">{verdict.why}</p>
        <p className="mt-1 max-w-3xl">
          <span className="text-ink-muted">Next: </span>
          {verdict.next.what}
          <NextAt at={verdict.next.at} />
        </p>
      </div>
      {actions.length > 0 ? (
        <div className="flex flex-wrap items-center gap-2">
          {actions.map((action, index) => (
            <Suggested
              key={`${action.action} ${action.target}`}
              action={action}
              instanceId={instanceId}
              primary={index === 0}
            />
          ))}
        </div>
      ) : null}
    </section>
  )
}

function NextAt({ at }: { at: Date | null }) {
  const now = useNow()
  if (!at || now === 0) return null
  return (
    <span className="tabular" title={formatAbsolute(at.getTime())}>
      , {at.getTime() <= now ? 'due now' : `in ${formatCountdown(at.getTime(), now)}`}
    </span>
  )
}

function Suggested({ action, instanceId, primary }: { action: SuggestedAction; instanceId: string; primary: boolean }) {
  const href = linkOf(action, instanceId)
  if (href) {
    return (
      <LinkButton href={href} size="md" variant={primary ? 'primary' : 'outline'}>
        {action.label}
      </LinkButton>
    )
  }
  return <SuggestedButton action={action} instanceId={instanceId} primary={primary} />
}

/** Suggestions that only lead somewhere; the others ask first. */
function linkOf({ action, target, where }: SuggestedAction, instanceId: string): string | null {
  const here = `/instances/${encodeURIComponent(instanceId)}`
  switch (action) {
    case 'send-event':
      return `/events?send=${encodeURIComponent(target ?? '')}&data=${encodeURIComponent(JSON.stringify(nested(where ?? {})))}`
    case 'send-message':
      return target ? `/channels/${encodeURIComponent(target)}?publish=true` : `${here}?tab=messages`
    case 'open-instance':
      return target ? `/instances/${encodeURIComponent(target)}` : null
    case 'open-workers':
      return '/workers'
    case 'check-code':
      return `${here}?tab=replay&check=true`
    case 'retry-compensation':
      return `${here}?tab=compensation`
    case 'redrive':
      return '/outbox?status=failed'
    default:
      return null
  }
}

/** `{ 'order.id': 'A' }` as `{ order: { id: 'A' } }`: the data that would fit the condition. */
function nested(where: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  for (const [path, value] of Object.entries(where)) {
    const names = path.split('.')
    const last = names.pop() ?? path
    let at = data
    for (const name of names) {
      const inner =
        Object.hasOwn(at, name) && typeof at[name] === 'object' && at[name] !== null
          ? (at[name] as Record<string, unknown>)
          : {}
      Object.defineProperty(at, name, { value: inner, enumerable: true, configurable: true, writable: true })
      at = inner
    }
    Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true })
  }
  return data
}
