import type { Metadata } from 'next'
import { StartPage } from '@/features/workflows/start/start-page'

interface Props {
  params: Promise<{ name: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Start ${decodeURIComponent((await params).name)}` }
}

export default async function Page({ params }: Props) {
  return <StartPage name={decodeURIComponent((await params).name)} />
}
