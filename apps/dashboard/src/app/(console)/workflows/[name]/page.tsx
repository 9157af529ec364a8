import type { Metadata } from 'next'
import { WorkflowPage } from '@/features/workflows/detail/workflow-page'

interface Props {
  params: Promise<{ name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) }
}

export default async function Page({ params }: Props) {
  return <WorkflowPage name={decodeURIComponent((await params).name)} />
}
