'use client'
import { Popover as RadixPopover } from 'radix-ui'
import { cn } from '@/lib/cn'
import type { PopoverProps } from './popover-types'

/** The popover itself, over radix; loaded when somebody reaches for it (popover.tsx). */
export function PopoverContent({
  trigger,
  children,
  label,
  open,
  onOpenChange,
  align = 'start',
  className,
}: PopoverProps & { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <RadixPopover.Root open={open} onOpenChange={onOpenChange}>
      <RadixPopover.Trigger asChild>{trigger}</RadixPopover.Trigger>
      <RadixPopover.Portal>
        <RadixPopover.Content
          aria-label={label}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cn(
            'z-50 w-80 max-w-[calc(100vw-1rem)] animate-pop-in rounded-md border border-line bg-raised p-3 shadow-pop focus:outline-none',
            className,
          )}
        >
          {children}
        </RadixPopover.Content>
      </RadixPopover.Portal>
    </RadixPopover.Root>
  )
}
