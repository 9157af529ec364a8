'use client'
import { Ban, ChevronDown, CirclePause, GitFork, Play, RotateCcw, SearchCheck } from 'lucide-react'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Menu } from '@/components/ui/menu'
import type { MenuItem } from '@/components/ui/menu-types'
import type { WorkflowInstance } from '@/lib/api-types'
import { useMay } from '@/lib/session'
import { type InstanceVerb, VERBS } from './use-instance-actions'

const VerbDialog = dynamic(() => import('./verb-dialog').then((module) => module.VerbDialog), { ssr: false })
const ForkDialog = dynamic(() => import('./fork-dialog').then((module) => module.ForkDialog), { ssr: false })

const ICONS = { resume: <Play />, retry: <RotateCcw />, suspend: <CirclePause />, cancel: <Ban /> }

/** All verbs in one menu, ordered by safety; those that do not fit the state are left out. */
export function ActionsMenu({ instance, onCheck }: { instance: WorkflowInstance; onCheck: () => void }) {
  const [open, setOpen] = useState<InstanceVerb | 'fork' | null>(null)
  const may = useMay()
  const verb = (id: InstanceVerb): MenuItem => ({
    id,
    label: `${VERBS[id].label} …`,
    icon: ICONS[id],
    danger: VERBS[id].danger,
    onSelect: () => setOpen(id),
  })
  const fitting = (['resume', 'retry', 'suspend'] as const).filter((id) => VERBS[id].fits(instance.status))
  const looking: MenuItem[] = [
    {
      id: 'check',
      label: 'Check against today’s code',
      hint: 'Replays the history without side effects',
      icon: <SearchCheck />,
      onSelect: onCheck,
    },
  ]
  const acting: MenuItem[] = [
    ...fitting.map(verb),
    {
      id: 'fork',
      label: 'Start again or fork …',
      hint: 'A new instance; this one is left alone',
      icon: <GitFork />,
      onSelect: () => setOpen('fork'),
    },
  ]
  const ending = VERBS.cancel.fits(instance.status) ? [verb('cancel')] : []
  const groups = may.operate
    ? [{ items: looking }, { items: acting }, ...(ending.length > 0 ? [{ items: ending }] : [])]
    : [{ items: looking }]
  const close = () => setOpen(null)
  return (
    <>
      <Menu
        trigger={
          <Button size="md">
            Actions
            <ChevronDown />
          </Button>
        }
        groups={groups}
      />
      {open === 'fork' ? <ForkDialog instanceId={instance.instanceId} fromSeq={0} onClose={close} /> : null}
      {open && open !== 'fork' ? <VerbDialog verb={open} instanceId={instance.instanceId} onClose={close} /> : null}
    </>
  )
}
