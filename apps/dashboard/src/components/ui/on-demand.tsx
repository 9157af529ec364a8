'use client'
import { type ComponentType, cloneElement, type ReactElement, useState } from 'react'

interface Openable {
  readonly trigger: ReactElement
  readonly open?: boolean
  readonly onOpenChange?: (open: boolean) => void
}
type Controlled<Props> = Props & { open: boolean; onOpenChange: (open: boolean) => void }

interface TriggerProps {
  'aria-haspopup'?: 'menu' | 'dialog'
  'aria-expanded'?: boolean
  onPointerEnter?: () => void
  onFocus?: () => void
  onClick?: () => void
}

/** A component with a trigger whose inside is fetched at the first approach and then kept for all of its kind. */
export function onDemand<Props extends Openable>(
  popup: 'menu' | 'dialog',
  load: () => Promise<ComponentType<Controlled<Props>>>,
): ComponentType<Props> {
  let loaded: ComponentType<Controlled<Props>> | null = null
  let loading: Promise<void> | null = null
  const fetchOnce = () => {
    loading ??= load().then((component) => {
      loaded = component
    })
    return loading
  }
  return function OnDemand(props: Props) {
    const [isOpen, setOpen] = useState(false)
    // The inside is mounted when first opened: swapping a trigger that merely has the focus would take it away.
    const [isMounted, setMounted] = useState(false)
    const open = props.open ?? isOpen
    const change = (next: boolean) => {
      setOpen(next)
      props.onOpenChange?.(next)
    }
    const Inside = loaded
    if ((isMounted || open) && Inside) return <Inside {...props} open={open} onOpenChange={change} />
    const start = () =>
      void fetchOnce().then(() => {
        setMounted(true)
        change(true)
      })
    const trigger = props.trigger as ReactElement<TriggerProps>
    return cloneElement(trigger, {
      'aria-haspopup': popup,
      'aria-expanded': false,
      onPointerEnter: () => void fetchOnce(),
      onFocus: () => void fetchOnce(),
      onClick: start,
    })
  }
}
