'use client'
import { onDemand } from './on-demand'
import type { PopoverProps } from './popover-types'

export const Popover = onDemand<PopoverProps>('dialog', () =>
  import('./popover-content').then((module) => module.PopoverContent),
)
