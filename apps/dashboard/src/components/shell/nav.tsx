'use client'
import Link from 'next/link'
import { usePathname, useSearchParams } from 'next/navigation'
import { cn } from '@/lib/cn'
import { formatCount, formatExact } from '@/lib/format'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { isCurrent, NAV, type NavItem } from './nav-items'

export function Nav({ onNavigate }: { onNavigate?: () => void }) {
  const trpc = useTRPC()
  const { data: counts } = useQuery(trpc.instances.counts.queryOptions())
  const pathname = usePathname()
  const search = useSearchParams()
  return (
    <nav aria-label="Main" className="flex flex-1 flex-col gap-4 overflow-y-auto px-2 py-3">
      {NAV.map((group) => (
        <ul key={group[0]?.label} className="flex flex-col gap-px">
          {group.map((item) => (
            <li key={item.href}>
              <Item
                item={item}
                current={isCurrent(item.href, pathname, search)}
                count={counts && item.count ? item.count(counts) : null}
                isAtLeast={counts?.atLeast.some((status) => item.statuses?.includes(status)) ?? false}
                {...(onNavigate ? { onNavigate } : {})}
              />
            </li>
          ))}
        </ul>
      ))}
    </nav>
  )
}

function Item({
  item,
  current,
  count,
  isAtLeast,
  onNavigate,
}: {
  item: NavItem
  current: boolean
  count: number | null
  isAtLeast: boolean
  onNavigate?: () => void
}) {
  const Icon = item.icon
  const alarming = item.tone === 'danger' && count !== null && count > 0
  return (
    <Link
      href={item.href}
      prefetch={false}
      aria-current={current ? 'page' : undefined}
      {...(onNavigate ? { onClick: onNavigate } : {})}
      className={cn(
        'group flex h-8 items-center gap-2.5 rounded-md px-2 text-sm transition-colors',
        current ? 'bg-selected font-medium text-ink' : 'text-ink-muted hover:bg-hover hover:text-ink',
      )}
    >
      <Icon
        aria-hidden
        className={cn('size-4 shrink-0', alarming ? 'text-danger' : current ? 'text-accent' : 'text-ink-faint')}
        strokeWidth={1.75}
      />
      <span className="min-w-0 flex-1 truncate">{item.label}</span>
      {count === null ? null : (
        <span
          title={isAtLeast ? `at least ${formatExact(count)}` : formatExact(count)}
          className={cn(
            'text-xs tabular',
            alarming ? 'rounded-sm bg-danger/10 px-1.5 font-semibold text-danger' : 'text-ink-faint',
            count === 0 && 'opacity-70',
          )}
        >
          {formatCount(count)}
          {isAtLeast ? '+' : null}
        </span>
      )}
    </Link>
  )
}
