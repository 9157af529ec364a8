'use client'
import Link from 'next/link'
import type { ErrorGroup } from '@/lib/api-types'
import { plural } from '@/lib/format'
import { RelativeTime } from './relative-time'

/** Failures by fingerprint: what, how often, since when; each leads to its instances. */
export function ErrorGroupList({ groups }: { groups: readonly ErrorGroup[] }) {
  return (
    <ul className="divide-y divide-line">
      {groups.map((group) => (
        <li key={group.fingerprint} className="relative flex items-start gap-3 px-3 py-2.5 hover:bg-hover/70">
          <span className="mt-0.5 min-w-9 rounded-sm bg-danger/10 px-1.5 text-center font-semibold text-danger text-xs tabular">
            {group.count}
          </span>
          <div className="min-w-0 flex-1">
            <Link
              href={hrefOf(group)}
              className="line-clamp-2 break-words after:absolute after:inset-0 hover:underline"
            >
              <span className="font-medium text-danger">{group.name}</span> {group.message}
            </Link>
            {group.frame ? <code className="block truncate text-2xs text-ink-faint">{group.frame}</code> : null}
            <p className="text-ink-muted text-xs">
              {group.workflows.join(', ')} · last <RelativeTime at={group.lastAt} />, first{' '}
              <RelativeTime at={group.firstAt} />
            </p>
          </div>
          <span className="sr-only">{plural(group.count, 'failure')}</span>
        </li>
      ))}
    </ul>
  )
}

/** The message without what differs between its instances: the longest stretch of words, which the list can search for. */
function hrefOf(group: ErrorGroup): string {
  if (group.count === 1 && group.instanceIds[0]) return `/instances/${encodeURIComponent(group.instanceIds[0])}`
  const words =
    group.message
      .split(/[#<>*…]|\{\w*\}/)
      .sort((a, b) => b.length - a.length)[0]
      ?.trim()
      .slice(0, 120) ?? group.name
  const workflow =
    group.workflows.length === 1 && group.workflows[0] ? `&workflow=${encodeURIComponent(group.workflows[0])}` : ''
  return `/instances?status=failed&error=${encodeURIComponent(words || group.name)}${workflow}`
}
