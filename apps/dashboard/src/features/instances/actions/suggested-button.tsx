'use client'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import type { SuggestedAction } from '@/lib/api-types'
import { useMay } from '@/lib/session'
import type { InstanceVerb } from './use-instance-actions'

const VerbDialog = dynamic(() => import('./verb-dialog').then((module) => module.VerbDialog), { ssr: false })
const ForkDialog = dynamic(() => import('./fork-dialog').then((module) => module.ForkDialog), { ssr: false })

const VERB_OF: Partial<Record<SuggestedAction['action'], InstanceVerb>> = {
  resume: 'resume',
  retry: 'retry',
  cancel: 'cancel',
}

export function SuggestedButton({
  action,
  instanceId,
  primary,
}: {
  action: SuggestedAction
  instanceId: string
  primary: boolean
}) {
  const [open, setOpen] = useState(false)
  const may = useMay()
  const verb = VERB_OF[action.action]
  if (!may.operate || (!verb && action.action !== 'fork')) return null
  const close = () => setOpen(false)
  return (
    <>
      <Button
        size="md"
        variant={verb === 'cancel' ? 'danger' : primary ? 'primary' : 'outline'}
        onClick={() => setOpen(true)}
      >
        {action.label} …
      </Button>
      {open && verb ? <VerbDialog verb={verb} instanceId={instanceId} onClose={close} /> : null}
      {open && !verb ? <ForkDialog instanceId={instanceId} fromSeq={0} onClose={close} /> : null}
    </>
  )
}
