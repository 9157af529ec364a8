'use client'
import { X } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { Suspense } from 'react'
import { Button } from '@/components/ui/button'
import { Logo } from './logo'
import { Nav } from './nav'

export function NavSheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade-in bg-ink/30 dark:bg-canvas/70" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 flex w-64 animate-fade-in flex-col border-line border-r bg-raised shadow-pop"
        >
          <div className="flex h-12 items-center gap-2 border-line border-b pr-2 pl-4">
            <Logo />
            <Dialog.Title className="flex-1 font-semibold tracking-tight">Edda</Dialog.Title>
            <Dialog.Close asChild>
              <Button variant="ghost" size="iconLg" aria-label="Close navigation">
                <X />
              </Button>
            </Dialog.Close>
          </div>
          <Suspense>
            <Nav onNavigate={() => onOpenChange(false)} />
          </Suspense>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
