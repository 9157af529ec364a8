'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleUser, LogIn, LogOut } from 'lucide-react'
import { usePathname, useRouter } from 'next/navigation'
import { Button } from '@/components/ui/button'
import { Menu } from '@/components/ui/menu'
import type { MenuItem } from '@/components/ui/menu-types'
import { useSession } from '@/lib/session'
import { toastError } from '@/lib/toast'
import { useTRPC } from '@/lib/trpc/client'

export function UserMenu() {
  const { data: session } = useSession()
  const trpc = useTRPC()
  const queries = useQueryClient()
  const router = useRouter()
  const pathname = usePathname()
  const logout = useMutation(
    trpc.session.logout.mutationOptions({
      onSuccess: () => {
        queries.clear()
        router.push('/sign-in')
      },
      onError: (error) => toastError('Could not sign out', error),
    }),
  )
  const principal = session?.principal ?? null
  const who = principal ? `${principal.actor} · ${principal.role}` : 'Not signed in'
  const items: MenuItem[] = []
  if (principal?.via === 'session')
    items.push({ id: 'out', label: 'Sign out', icon: <LogOut />, onSelect: () => logout.mutate() })
  if (session?.mode === 'protected' && !principal) {
    items.push({
      id: 'in',
      label: 'Sign in',
      icon: <LogIn />,
      onSelect: () => router.push(`/sign-in?to=${encodeURIComponent(pathname)}`),
    })
  }
  if (session?.mode === 'open') {
    items.push({
      id: 'open',
      label: 'No sign-in configured',
      hint: 'Only this machine can reach the API; everybody here is admin',
      disabled: true,
      onSelect: () => undefined,
    })
  }
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="iconLg" aria-label={`User: ${who}`} title={who}>
          <CircleUser />
        </Button>
      }
      groups={[{ label: who, items }]}
    />
  )
}
