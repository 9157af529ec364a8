'use client'
import { CircleCheck, SearchCheck, TriangleAlert } from 'lucide-react'
import { parseAsBoolean, useQueryState } from 'nuqs'
import { JsonView } from '@/components/json-view/json-view'
import { Button } from '@/components/ui/button'
import type { DryReplay } from '@/lib/api-types'
import { describeError } from '@/lib/describe-error'
import { plural } from '@/lib/format'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'

/** The dry replay: today's code over the stored history, without side effects. What it expected beside what it got. */
export function CodeCheck({ instanceId }: { instanceId: string }) {
  const [isAsked, ask] = useQueryState('check', parseAsBoolean.withDefault(false))
  const trpc = useTRPC()
  const check = useQuery(
    trpc.instances.dryReplay.queryOptions(
      { id: instanceId },
      { enabled: isAsked, staleTime: 0, retry: false, refetchOnWindowFocus: false },
    ),
  )
  if (!isAsked) {
    return (
      <div className="flex flex-wrap items-center gap-3 rounded-lg border border-line bg-surface px-3 py-2">
        <p className="min-w-0 flex-1 text-ink-muted">
          Would the code that runs today walk through this history? The check replays it without any side effect.
        </p>
        <Button onClick={() => void ask(true)}>
          <SearchCheck />
          Check against today’s code
        </Button>
      </div>
    )
  }
  return (
    <section
      aria-label="Check against today’s code"
      aria-busy={check.isFetching}
      className="rounded-lg border border-line bg-surface"
    >
      <div className="flex flex-wrap items-center gap-3 px-3 py-2">
        <Outcome result={check.data} error={check.error} isFetching={check.isFetching} />
        <Button className="ml-auto" disabled={check.isFetching} onClick={() => void check.refetch()}>
          <SearchCheck />
          Check again
        </Button>
      </div>
      {check.data?.divergence ? (
        <div className="grid border-line border-t sm:grid-cols-2 sm:divide-x sm:divide-line">
          <div>
            <h3 className="px-3 pt-2 font-medium text-ink-muted text-xs">The history expects</h3>
            <JsonView value={check.data.divergence.expected} label="What the history expects" maxHeight={200} />
          </div>
          <div>
            <h3 className="px-3 pt-2 font-medium text-ink-muted text-xs">The code asked for</h3>
            <JsonView value={check.data.divergence.actual} label="What the code asked for" maxHeight={200} />
          </div>
        </div>
      ) : null}
    </section>
  )
}

function Outcome({
  result,
  error,
  isFetching,
}: {
  result: DryReplay | undefined
  error: unknown
  isFetching: boolean
}) {
  if (isFetching) return <p className="text-ink-muted">Replaying …</p>
  if (error) return <p className="text-danger">Could not be checked: {describeError(error).message}</p>
  if (!result) return null
  if (result.ok) {
    return (
      <p className="flex items-center gap-2">
        <CircleCheck aria-hidden className="size-4 text-success" />
        Today’s code fits: {plural(result.events, 'event')} replayed without a difference.
      </p>
    )
  }
  return (
    <p className="flex items-center gap-2">
      <TriangleAlert aria-hidden className="size-4 shrink-0 text-warning" />
      <span>
        After {plural(result.events, 'event')} the code goes another way. {result.divergence?.message}
      </span>
    </p>
  )
}
