import type { Metadata } from 'next'
import { ChannelList } from '@/features/channels/channel-list'

export const metadata: Metadata = { title: 'Channels' }

export default function Page() {
  return <ChannelList />
}
