import type { Metadata } from 'next'
import { ChannelPage } from '@/features/channels/detail/channel-page'

interface Props {
  params: Promise<{ name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) }
}

export default async function Page({ params }: Props) {
  return <ChannelPage name={decodeURIComponent((await params).name)} />
}
