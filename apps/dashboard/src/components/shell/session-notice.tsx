'use client'
import { ShieldAlert } from 'lucide-react'
import { usePathname, useRouter, useSearchParams } from 'next/navigation'
import { useEffect } from 'react'
import { useSession } from '@/lib/session'

/** Sends who is not signed in to the sign-in page (and back afterwards); says on every page when protection was switched off. */
export function SessionNotice() {
  const { data: session } = useSession()
  const router = useRouter()
  const pathname = usePathname()
  const search = useSearchParams()
  const mustSignIn = session?.mode === 'protected' && session.principal === null
  useEffect(() => {
    if (!mustSignIn) return
    const here = search.size > 0 ? `${pathname}?${search}` : pathname
    router.replace(`/sign-in?to=${encodeURIComponent(here)}`)
  }, [mustSignIn, pathname, router, search])
  if (!session?.insecure) return null
  return (
    <div
      role="status"
      className="flex items-center gap-2 border-warning/30 border-b bg-warning/10 px-4 py-1.5 text-warning text-xs lg:px-6"
    >
      <ShieldAlert aria-hidden className="size-3.5" />
      The API accepts requests from other machines without sign-in. Configure tokens or OIDC.
    </div>
  )
}
