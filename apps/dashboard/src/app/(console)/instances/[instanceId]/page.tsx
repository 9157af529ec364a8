import type { Metadata } from 'next'
import { InstancePage } from '@/features/instances/detail/instance-page'

interface Props {
  params: Promise<{ instanceId: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).instanceId) }
}

export default async function Page({ params }: Props) {
  return <InstancePage instanceId={decodeURIComponent((await params).instanceId)} />
}
