/** The left navigation: triage first (what is the matter), then nouns. */
import {
  Activity,
  CircleAlert,
  Clock,
  Gauge,
  Inbox,
  List,
  type LucideIcon,
  RadioTower,
  ScrollText,
  Send,
  Server,
  Workflow,
} from 'lucide-react'
import type { InstanceCounts, InstanceStatus } from '@/lib/api-types'
import { STATUSES, WAITING_STATUSES } from '@/lib/status'

export interface NavItem {
  readonly label: string
  readonly href: string
  readonly icon: LucideIcon
  /** Second key after `g`. */
  readonly key: string
  readonly count?: (counts: InstanceCounts) => number
  /** Statuses that `count` is a sum of: when one of them was not counted to the end, there are at least as many. */
  readonly statuses?: readonly InstanceStatus[]
  readonly tone?: 'danger'
}

const ACTIVE = ['pending', 'running', 'compensating'] as const

export const NAV: readonly (readonly NavItem[])[] = [
  [
    { label: 'Overview', href: '/', icon: Gauge, key: 'o' },
    {
      label: 'Needs attention',
      href: '/attention',
      icon: CircleAlert,
      key: 'a',
      tone: 'danger',
      count: ({ attention }) =>
        attention.failed +
        attention.suspended +
        attention.compensationFailed +
        attention.retrying +
        attention.deadLetters,
    },
    {
      label: 'Running',
      href: `/instances?status=${ACTIVE.join(',')}`,
      icon: Activity,
      key: 'r',
      statuses: ACTIVE,
      count: ({ byStatus }) => ACTIVE.reduce((sum, status) => sum + byStatus[status], 0),
    },
    {
      label: 'Waiting',
      href: `/instances?status=${WAITING_STATUSES.join(',')}`,
      icon: Clock,
      key: 'w',
      statuses: WAITING_STATUSES,
      count: ({ byStatus }) => WAITING_STATUSES.reduce((sum, status) => sum + byStatus[status], 0),
    },
    {
      label: 'All instances',
      href: '/instances',
      icon: List,
      key: 'i',
      statuses: STATUSES,
      count: ({ total }) => total,
    },
  ],
  [
    { label: 'Workflows', href: '/workflows', icon: Workflow, key: 'f' },
    { label: 'Channels', href: '/channels', icon: RadioTower, key: 'c' },
    { label: 'Outbox', href: '/outbox', icon: Send, key: 'x' },
    { label: 'Events', href: '/events', icon: Inbox, key: 'e' },
    { label: 'Workers', href: '/workers', icon: Server, key: 'k' },
    { label: 'Audit', href: '/audit', icon: ScrollText, key: 'u' },
  ],
]

/** Whether a link is the page on screen. Links with a filter are the page only with exactly that filter. */
export function isCurrent(href: string, pathname: string, search: URLSearchParams): boolean {
  const [path, query] = href.split('?')
  if (path === '/') return pathname === '/'
  if (pathname !== path) return query === undefined && path !== '/instances' && pathname.startsWith(`${path}/`)
  if (path !== '/instances') return true
  const status = search.get('status') ?? ''
  const wanted = new URLSearchParams(query ?? '').get('status') ?? ''
  return status === wanted
}
