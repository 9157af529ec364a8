'use client'
/** The verbs on one instance, each with its words: what will happen, and what to say afterwards. Ordered by safety: looking first, ending last. */
import { useQueryClient } from '@tanstack/react-query'
import type { InstanceStatus } from '@/lib/api-types'
import { isTerminal } from '@/lib/status'
import { toast } from '@/lib/toast'
import { useTRPC, useTRPCClient } from '@/lib/trpc/client'

export type InstanceVerb = 'resume' | 'retry' | 'suspend' | 'cancel'

export interface VerbWords {
  readonly label: string
  readonly title: (id: string) => string
  readonly consequence: string
  readonly done: string
  readonly danger: boolean
  readonly fits: (status: InstanceStatus) => boolean
}

export const VERBS: Readonly<Record<InstanceVerb, VerbWords>> = {
  resume: {
    label: 'Resume',
    title: (id) => `Resume ${id}?`,
    consequence:
      'It goes on from where it was parked, as soon as a worker takes it. If the code still does not fit its history, it is suspended again; nothing is lost.',
    done: 'Resumed',
    danger: false,
    fits: (status) => status === 'suspended',
  },
  retry: {
    label: 'Retry',
    title: (id) => `Retry ${id}?`,
    consequence:
      'It goes on in place from the activity that failed. What completed is kept and not done again. Refused when it was compensated already.',
    done: 'Goes on from the failed activity',
    danger: false,
    fits: (status) => status === 'failed',
  },
  suspend: {
    label: 'Suspend',
    title: (id) => `Suspend ${id}?`,
    consequence:
      'It is parked until somebody resumes it. An activity that runs right now is asked to stop; timers that come due wait.',
    done: 'Suspended',
    danger: false,
    fits: (status) => !isTerminal(status) && status !== 'suspended',
  },
  cancel: {
    label: 'Cancel',
    title: (id) => `Cancel ${id}?`,
    consequence: 'It stops, undoes what it completed (last first), and ends as cancelled. This cannot be taken back.',
    done: 'Cancel requested',
    danger: true,
    fits: (status) => !isTerminal(status) && status !== 'compensating',
  },
}

export function useInstanceVerb(verb: InstanceVerb, instanceId: string): (reason: string | undefined) => Promise<void> {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const client = useTRPCClient()
  return async (reason) => {
    const result = await client.instances[verb].mutate({ id: instanceId, ...(reason ? { reason } : {}) })
    const lost = 'cancelled' in result && result.cancelled === false
    toast({
      kind: lost ? 'error' : 'done',
      title: lost ? `${instanceId} had ended already` : VERBS[verb].done,
      link: { href: `/audit?target=${encodeURIComponent(instanceId)}`, label: 'See it in the audit' },
    })
    await queries.invalidateQueries({ queryKey: trpc.instances.pathKey() })
  }
}
