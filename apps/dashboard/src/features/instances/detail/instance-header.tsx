'use client'
import { GitFork, Repeat2, Split } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { CopyButton } from '@/components/copy-button'
import { IdText } from '@/components/id-text'
import { RelativeTime } from '@/components/relative-time'
import { StatusBadge, StatusText } from '@/components/status-badge'
import { Button } from '@/components/ui/button'
import { Popover } from '@/components/ui/popover'
import type { InstanceDetails, Relations } from '@/lib/api-types'
import { formatDuration } from '@/lib/format'
import { useNow } from '@/lib/ticker'
import { traceIdOf } from '@/lib/trace'
import { ActionsMenu } from '../actions/actions-menu'

export function InstanceHeader({ details, onCheck }: { details: InstanceDetails; onCheck: () => void }) {
  const { instance } = details
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-2">
      <div className="min-w-0 flex-1 basis-72">
        <nav aria-label="Breadcrumb" className="text-ink-muted text-xs">
          <Link href="/instances" className="hover:text-ink hover:underline">
            Instances
          </Link>
          {' / '}
          <Link
            href={`/workflows/${encodeURIComponent(instance.workflowName)}`}
            className="hover:text-ink hover:underline"
          >
            {instance.workflowName}
          </Link>
        </nav>
        <div className="mt-0.5 flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <h1 className="min-w-0 font-semibold text-lg">
            <IdText id={instance.instanceId} className="max-w-full [&_code]:text-base" />
          </h1>
          <StatusBadge status={instance.status} />
          {instance.cancel ? (
            <span className="text-ink-muted text-xs">
              cancel requested{instance.cancel.by ? ` by ${instance.cancel.by}` : ''}
            </span>
          ) : null}
        </div>
        <Facts details={details} />
        <Tags tags={instance.tags} />
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <RelationChips relations={details.relations} ownId={instance.instanceId} />
        <ActionsMenu instance={instance} onCheck={onCheck} />
      </div>
    </header>
  )
}

function Facts({ details }: { details: InstanceDetails }) {
  const { instance, lease, events, sourceHash } = details
  const now = useNow()
  const end = instance.completedAt?.getTime() ?? now
  const facts: [string, ReactNode][] = [
    ['started', <RelativeTime key="started" at={instance.startedAt} />],
    ['took', end > 0 ? formatDuration(end - instance.startedAt.getTime()) : '–'],
    ['events', events.toLocaleString('en-GB')],
    ['service', instance.ownerService],
    ['version', instance.version ?? sourceHash.slice(0, 7)],
  ]
  if (lease) facts.push(['worker', `${lease.workerId}${lease.workerAlive ? '' : ' (no heartbeat)'}`])
  // what an event starts carries its trace on as a tag
  const trace = traceIdOf(instance.tags.traceparent)
  if (trace) {
    facts.push([
      'trace',
      <span key="trace" className="inline-flex items-center gap-1">
        <code className="break-all">{trace}</code>
        <CopyButton text={trace} label="Copy trace id" />
      </span>,
    ])
  }
  return (
    <dl className="mt-1 flex flex-wrap gap-x-4 gap-y-0.5 text-xs">
      {facts.map(([name, value]) => (
        <div key={name} className="flex gap-1">
          <dt className="text-ink-faint">{name}</dt>
          <dd className="text-ink-muted tabular">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Tags({ tags }: { tags: Readonly<Record<string, string>> }) {
  return (
    <ul aria-label="Tags" className="mt-1.5 flex flex-wrap gap-1 empty:hidden">
      {Object.entries(tags).map(([name, value]) => (
        <li key={name}>
          <Link
            href={`/instances?tag=${encodeURIComponent(`${name}:${value}`)}`}
            className="inline-block rounded-sm bg-sunken px-1.5 text-ink-muted text-xs hover:bg-hover hover:text-ink"
          >
            {name}: {value}
          </Link>
        </li>
      ))}
    </ul>
  )
}

function RelationChips({ relations, ownId }: { relations: Relations; ownId: string }) {
  const chain = relations.chain.filter((one) => one.instanceId !== ownId)
  return (
    <>
      {relations.parent ? <Chip icon={<Split />} label="Parent" list={[relations.parent]} /> : null}
      {relations.children.length > 0 ? (
        <Chip
          icon={<Split />}
          label="Children"
          list={relations.children}
          all={`/instances?parent=${encodeURIComponent(ownId)}`}
        />
      ) : null}
      {chain.length > 0 ? <Chip icon={<Repeat2 />} label="Chain" list={chain} /> : null}
      {relations.forkedFrom ? <Chip icon={<GitFork />} label="Forked from" list={[relations.forkedFrom]} /> : null}
      {relations.forks.length > 0 ? <Chip icon={<GitFork />} label="Forks" list={relations.forks} /> : null}
    </>
  )
}

function Chip({
  icon,
  label,
  list,
  all,
}: {
  icon: ReactNode
  label: string
  list: Relations['children']
  all?: string
}) {
  return (
    <Popover
      label={label}
      align="end"
      trigger={
        <Button>
          {icon}
          {label}
          {list.length > 1 ? <span className="text-ink-faint tabular">{list.length}</span> : null}
        </Button>
      }
    >
      <ul className="-m-1 flex max-h-72 flex-col overflow-auto">
        {list.map((one) => (
          <li key={one.instanceId}>
            <Link
              href={`/instances/${encodeURIComponent(one.instanceId)}`}
              className="flex items-center gap-2 rounded-sm px-2 py-1.5 hover:bg-hover"
            >
              <span className="min-w-0 flex-1">
                <code className="block truncate text-xs">{one.instanceId}</code>
                <span className="text-ink-muted text-xs">
                  {one.workflowName}, <RelativeTime at={one.startedAt} />
                </span>
              </span>
              <StatusText status={one.status} />
            </Link>
          </li>
        ))}
      </ul>
      {all ? (
        <Link
          href={all}
          className="mt-2 block border-line border-t pt-2 font-medium text-accent text-xs hover:underline"
        >
          Show them in the list
        </Link>
      ) : null}
    </Popover>
  )
}
