'use client'
import { Columns3 } from 'lucide-react'
import { useMemo } from 'react'
import { Button } from '@/components/ui/button'
import { Menu } from '@/components/ui/menu'
import { useStored } from '@/lib/stored'

const OPTIONAL = {
  id: 'Id',
  step: 'Current step',
  tags: 'Tags',
  events: 'Events',
  duration: 'Duration',
  started: 'Started',
}
const NONE: readonly string[] = []

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

export function useHiddenColumns(): readonly [ReadonlySet<string>, (hidden: ReadonlySet<string>) => void] {
  const [names, set] = useStored('hidden-columns', NONE, isNames)
  const hidden = useMemo(() => new Set(names), [names])
  return [hidden, (next) => set([...next])]
}

export function ColumnChooser({
  hidden,
  onChange,
}: {
  hidden: ReadonlySet<string>
  onChange: (hidden: ReadonlySet<string>) => void
}) {
  const items = Object.entries(OPTIONAL).map(([id, label]) => ({
    id,
    label,
    checked: !hidden.has(id),
    onSelect: () => {
      const next = new Set(hidden)
      if (!next.delete(id)) next.add(id)
      onChange(next)
    },
  }))
  return (
    <Menu
      trigger={
        <Button aria-label="Columns" className="max-sm:hidden">
          <Columns3 />
          Columns
        </Button>
      }
      groups={[{ label: 'Shown when there is room', items }]}
    />
  )
}
