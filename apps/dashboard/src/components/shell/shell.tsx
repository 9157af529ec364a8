'use client'
import { Menu as MenuIcon } from 'lucide-react'
import dynamic from 'next/dynamic'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type ReactNode, Suspense, useState } from 'react'
import { Toaster } from '@/components/toaster'
import { Button } from '@/components/ui/button'
import { Kbd } from '@/components/ui/kbd'
import { holdKeys, releaseKeys, useHotkeys } from '@/lib/hotkeys'
import { useLiveChanges } from '@/lib/live'
import type { Theme } from '@/lib/theme'
import { ConnectionState, OfflineBanner } from './connection-state'
import { Logo } from './logo'
import { Nav } from './nav'
import { NAV } from './nav-items'
import { SearchBox } from './search-box'
import { SessionNotice } from './session-notice'
import { ThemeMenu } from './theme-menu'
import { UserMenu } from './user-menu'

const CommandPalette = dynamic(() => import('./command-palette').then((module) => module.CommandPalette), {
  ssr: false,
})
const HelpDialog = dynamic(() => import('./help-dialog').then((module) => module.HelpDialog), { ssr: false })
const NavSheet = dynamic(() => import('./nav-sheet').then((module) => module.NavSheet), { ssr: false })

type Overlay = 'palette' | 'help' | 'nav' | null

export function Shell({ theme, children }: { theme: Theme; children: ReactNode }) {
  const [overlay, setOverlay] = useState<Overlay>(null)
  const router = useRouter()
  useHotkeys([
    { keys: 'mod+k', label: 'Command palette', group: 'Anywhere', run: () => openPalette() },
    { keys: '?', label: 'Keyboard shortcuts', group: 'Anywhere', run: () => setOverlay('help') },
    ...NAV.flat().map((item) => ({
      keys: `g ${item.key}`,
      label: item.label,
      group: 'Go to',
      run: () => router.push(item.href),
    })),
  ])
  const openPalette = () => {
    holdKeys()
    setOverlay('palette')
  }
  const close = (open: boolean) => {
    if (!open) releaseKeys()
    setOverlay(open ? overlay : null)
  }
  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="-translate-y-20 fixed top-2 left-2 z-60 rounded-md bg-accent px-3 py-1.5 font-medium text-accent-ink focus:translate-y-0"
      >
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh w-54 shrink-0 flex-col border-line border-r bg-sunken/60 lg:flex">
        <Brand />
        <Suspense>
          <Nav />
        </Suspense>
        <p className="flex items-center gap-1.5 px-4 py-3 text-2xs text-ink-faint">
          <Kbd keys="?" /> shortcuts
        </p>
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-line border-b bg-canvas/95 px-3 lg:px-6">
          <Button
            variant="ghost"
            size="iconLg"
            aria-label="Open navigation"
            className="lg:hidden"
            onClick={() => setOverlay('nav')}
          >
            <MenuIcon />
          </Button>
          <SearchBox />
          <Button
            variant="ghost"
            aria-label="Command palette"
            title="Command palette"
            className="max-sm:hidden"
            onClick={openPalette}
          >
            <Kbd keys="mod+k" />
          </Button>
          <div className="ml-auto flex items-center gap-0.5">
            <ConnectionState />
            <ThemeMenu initial={theme} />
            <UserMenu />
          </div>
        </header>
        <Live />
        <OfflineBanner />
        <SessionNotice />
        <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col focus:outline-none">
          {children}
        </main>
      </div>
      <Toaster />
      {overlay === 'palette' ? <CommandPalette open onOpenChange={close} /> : null}
      {overlay === 'help' ? <HelpDialog open onOpenChange={close} /> : null}
      {overlay === 'nav' ? <NavSheet open onOpenChange={close} /> : null}
    </div>
  )
}

function Brand() {
  return (
    <Link href="/" className="flex h-12 items-center gap-2 border-line border-b px-4 font-semibold tracking-tight">
      <Logo />
      Edda
    </Link>
  )
}

/** Its own component, so that a change on the stream renders nothing but itself. */
function Live() {
  useLiveChanges()
  return null
}
