import type { ReactElement, ReactNode } from 'react'

export interface PopoverProps {
  /** One button; it gets the popover's aria attributes. */
  readonly trigger: ReactElement
  readonly children: ReactNode
  readonly label: string
  readonly open?: boolean
  readonly onOpenChange?: (open: boolean) => void
  readonly align?: 'start' | 'center' | 'end'
  readonly className?: string
}
