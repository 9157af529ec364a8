import { Info } from 'lucide-react'
import { useSearchParams } from 'next/navigation'
import { ignoredParams, type Readable } from '@/lib/ignored-params'

export function IgnoredNote({ ignored }: { ignored: readonly string[] }) {
  if (ignored.length === 0) return null
  return (
    <p role="status" className="mx-4 mb-2 flex items-start gap-1.5 text-warning text-xs lg:mx-6">
      <Info aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      <span className="min-w-0 break-all">Not understood and ignored: {ignored.join(' · ')}</span>
    </p>
  )
}

/** The same for a page whose whole state these parsers read. */
export function IgnoredParams({ parsers }: { parsers: Readonly<Record<string, Readable>> }) {
  return <IgnoredNote ignored={ignoredParams(useSearchParams(), parsers)} />
}
