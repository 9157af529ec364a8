import type { Metadata } from 'next'
import { InstanceList } from '@/features/instances/list/instance-list'

export const metadata: Metadata = { title: 'Instances' }

export default function InstancesPage() {
  return <InstanceList />
}
