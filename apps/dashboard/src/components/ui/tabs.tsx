'use client'
import { Tabs as RadixTabs } from 'radix-ui'
import type { ReactNode } from 'react'
import { cn } from '@/lib/cn'

export interface Tab {
  readonly id: string
  readonly label: ReactNode
  readonly badge?: ReactNode
}

/** The tab is the caller's state (usually the URL's); panels are mounted only while shown. */
export function Tabs({
  tabs,
  value,
  onValueChange,
  label,
  children,
  trailing,
}: {
  tabs: readonly Tab[]
  value: string
  onValueChange: (value: string) => void
  label: string
  children: ReactNode
  trailing?: ReactNode
}) {
  return (
    <RadixTabs.Root value={value} onValueChange={onValueChange} activationMode="manual">
      <div className="flex items-center gap-2 border-b">
        <RadixTabs.List aria-label={label} className="-mb-px flex min-w-0 flex-1 gap-1 overflow-x-auto">
          {tabs.map((tab) => (
            <RadixTabs.Trigger
              key={tab.id}
              value={tab.id}
              className={cn(
                'flex h-9 items-center gap-1.5 whitespace-nowrap border-transparent border-b-2 px-2.5 font-medium text-ink-muted text-sm outline-offset-[-2px] hover:text-ink',
                'data-[state=active]:border-accent data-[state=active]:text-ink',
              )}
            >
              {tab.label}
              {tab.badge}
            </RadixTabs.Trigger>
          ))}
        </RadixTabs.List>
        {trailing}
      </div>
      <RadixTabs.Content value={value} className="focus-visible:outline-offset-4">
        {children}
      </RadixTabs.Content>
    </RadixTabs.Root>
  )
}
