'use client'
import { SearchX } from 'lucide-react'
import { PageHeader } from '@/components/page-header'
import { LinkButton } from '@/components/ui/button'
import { SkeletonRows } from '@/components/ui/skeleton'
import { EmptyState, ErrorState } from '@/components/ui/states'
import { errorCode } from '@/lib/describe-error'
import { useTRPC } from '@/lib/trpc/client'
import { useQuery } from '@/lib/use-query'
import { StartForm } from './start-form'

export function StartPage({ name }: { name: string }) {
  const trpc = useTRPC()
  // The form is made once: a definition that changes under the person's hands must not take away what was typed.
  const query = useQuery(trpc.workflows.get.queryOptions({ name }, { staleTime: Number.POSITIVE_INFINITY }))
  if (query.isError && !query.data) {
    if (errorCode(query.error) !== 'NOT_FOUND')
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    return (
      <EmptyState
        icon={SearchX}
        title="There is no such workflow"
        actions={<LinkButton href="/workflows">See the workflows</LinkButton>}
      >
        <code>{name}</code> was never registered here.
      </EmptyState>
    )
  }
  return (
    <>
      <PageHeader title={`Start ${name}`} description={query.data?.description ?? undefined} />
      {query.data ? <StartForm workflow={query.data} /> : <SkeletonRows rows={6} label="Loading the form" />}
    </>
  )
}
