'use client'
import { Command, defaultFilter } from 'cmdk'
import { CornerDownLeft, Play, Search, Workflow } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { Dialog } from 'radix-ui'
import { type ReactNode, useDeferredValue, useEffect, useState } from 'react'
import { StatusText } from '@/components/status-badge'
import { Kbd } from '@/components/ui/kbd'
import { releaseKeys } from '@/lib/hotkeys'
import { useMay } from '@/lib/session'
import { STATUS, STATUSES, TONE_TEXT } from '@/lib/status'
import { applyTheme, THEMES } from '@/lib/theme'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { NAV } from './nav-items'

/** Fits every text, and is never the first of several. */
const LAST = 'search the list'

function score(value: string, search: string, keywords?: string[]): number {
  return value === LAST ? Number.MIN_VALUE : defaultFilter(value, search, keywords)
}

export function CommandPalette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState('')
  const router = useRouter()
  const trpc = useTRPC()
  const workflows = useQuery(trpc.workflows.list.queryOptions(undefined, { staleTime: 30_000, enabled: open }))
  const wanted = useDeferredValue(text.trim())
  const go = (href: string) => {
    onOpenChange(false)
    router.push(href)
  }
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade-in bg-ink/30 dark:bg-canvas/70" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 animate-pop-in overflow-hidden rounded-lg border border-line bg-raised shadow-pop focus:outline-none"
        >
          <Dialog.Title className="sr-only">Command palette</Dialog.Title>
          <Command label="Command palette" loop value={chosen} onValueChange={setChosen} filter={score}>
            <div className="flex items-center gap-2.5 border-line border-b px-3.5">
              <Search aria-hidden className="size-4 text-ink-faint" />
              <Command.Input
                value={text}
                onValueChange={setText}
                // this dialog is loaded when it is first wanted; people type meanwhile
                onFocus={() => {
                  const typed = releaseKeys()
                  if (typed) setText((text) => typed + text)
                }}
                placeholder="Go to a page, a workflow, or an instance by id …"
                className="h-11 min-w-0 flex-1 bg-transparent text-base outline-none"
              />
            </div>
            <Command.List className="max-h-[min(26rem,60vh)] overflow-auto p-1.5">
              <Command.Empty className="px-3 py-8 text-center text-ink-muted">Nothing matches.</Command.Empty>
              <FoundInstances wanted={wanted} go={go} onFound={setChosen} />
              <Group heading="Pages">
                {NAV.flat().map((item) => (
                  <Row
                    key={item.href}
                    value={`go ${item.label}`}
                    onSelect={() => go(item.href)}
                    icon={<item.icon />}
                    trailing={<Kbd keys={`g ${item.key}`} />}
                  >
                    {item.label}
                  </Row>
                ))}
              </Group>
              <Workflows workflows={workflows.data ?? []} go={go} />
              <Group heading="Instances by status">
                {STATUSES.map((status) => {
                  const { icon: Icon, label, tone } = STATUS[status]
                  return (
                    <Row
                      key={status}
                      value={`status ${label}`}
                      onSelect={() => go(`/instances?status=${status}`)}
                      icon={<Icon className={TONE_TEXT[tone]} />}
                    >
                      {label}
                    </Row>
                  )
                })}
              </Group>
              <Group heading="Theme">
                {THEMES.map((theme) => (
                  <Row
                    key={theme}
                    value={`theme ${theme}`}
                    onSelect={() => {
                      applyTheme(theme)
                      onOpenChange(false)
                    }}
                  >
                    {`Theme: ${theme}`}
                  </Row>
                ))}
              </Group>
              {/* not before everything else is there: what is first when it appears is what Enter chooses */}
              {wanted.length >= 3 && !workflows.isPending ? (
                <Group heading="Search">
                  <Row
                    value={LAST}
                    onSelect={() => go(`/instances?q=${encodeURIComponent(wanted)}`)}
                    icon={<CornerDownLeft />}
                  >
                    Search the list for “{wanted}”
                  </Row>
                </Group>
              ) : null}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function FoundInstances({
  wanted,
  go,
  onFound,
}: {
  wanted: string
  go: (href: string) => void
  onFound: (value: string) => void
}) {
  const trpc = useTRPC()
  const isSearch = wanted.length >= 3
  const { data } = useQuery(
    trpc.instances.find.queryOptions({ instanceId: wanted, limit: 6 }, { enabled: isSearch, staleTime: 10_000 }),
  )
  const first = isSearch ? data?.instances[0]?.instanceId : undefined
  useEffect(() => {
    // it comes later than the pages, and is meant rather than they
    if (first !== undefined) onFound(`${wanted} ${first}`)
  }, [first, wanted, onFound])
  if (!isSearch || !data || data.instances.length === 0) return null
  return (
    <Group heading="Instances">
      {data.instances.map((instance) => (
        <Row
          key={instance.instanceId}
          value={`${wanted} ${instance.instanceId}`}
          onSelect={() => go(`/instances/${encodeURIComponent(instance.instanceId)}`)}
          trailing={<StatusText status={instance.status} />}
        >
          <code className="text-xs">{instance.instanceId}</code>{' '}
          <span className="text-ink-muted">{instance.workflowName}</span>
        </Row>
      ))}
    </Group>
  )
}

function Workflows({ workflows, go }: { workflows: readonly { readonly name: string }[]; go: (href: string) => void }) {
  const may = useMay()
  if (workflows.length === 0) return null
  return (
    <Group heading="Workflows">
      {workflows.map((workflow) => (
        <Row
          key={workflow.name}
          value={`workflow ${workflow.name}`}
          onSelect={() => go(`/workflows/${encodeURIComponent(workflow.name)}`)}
          icon={<Workflow />}
        >
          {workflow.name}
        </Row>
      ))}
      {may.operate
        ? workflows.map((workflow) => (
            <Row
              key={workflow.name}
              value={`start ${workflow.name}`}
              onSelect={() => go(`/workflows/${encodeURIComponent(workflow.name)}/start`)}
              icon={<Play />}
            >
              Start {workflow.name} …
            </Row>
          ))
        : null}
    </Group>
  )
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-ink-faint"
    >
      {children}
    </Command.Group>
  )
}

function Row({
  value,
  onSelect,
  icon,
  trailing,
  children,
}: {
  value: string
  onSelect: () => void
  icon?: ReactNode
  trailing?: ReactNode
  children: ReactNode
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex min-h-8 cursor-pointer items-center gap-2.5 rounded-md px-2 py-1 text-sm data-[selected=true]:bg-hover [&_svg]:size-3.5 [&_svg]:shrink-0"
    >
      {icon ? <span className="text-ink-faint">{icon}</span> : null}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {trailing}
    </Command.Item>
  )
}
