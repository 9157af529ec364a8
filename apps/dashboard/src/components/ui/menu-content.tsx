'use client'
import { Check } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { cn } from '@/lib/cn'
import type { MenuItem, MenuProps } from './menu-types'

/** The menu itself, over radix; loaded when somebody reaches for it (menu.tsx). */
export function MenuContent({
  trigger,
  groups,
  align = 'end',
  open,
  onOpenChange,
}: MenuProps & { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <DropdownMenu.Root modal={false} open={open} onOpenChange={onOpenChange}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-[min(28rem,var(--radix-dropdown-menu-content-available-height))] min-w-44 max-w-80 animate-pop-in overflow-auto rounded-md border border-line bg-raised p-1 shadow-pop"
        >
          {groups.map((group, index) => (
            <DropdownMenu.Group key={group.label ?? index} className={cn(index > 0 && 'mt-1 border-t pt-1')}>
              {group.label ? (
                <DropdownMenu.Label className="px-2 py-1 text-2xs text-ink-faint">{group.label}</DropdownMenu.Label>
              ) : null}
              {group.items.map((item) => (
                <Item key={item.id} item={item} />
              ))}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

const ITEM =
  'flex cursor-pointer select-none items-start gap-2 rounded-sm px-2 py-1.5 text-sm outline-none data-[disabled]:cursor-default data-[highlighted]:bg-hover data-[disabled]:opacity-50 [&_svg]:mt-0.5 [&_svg]:size-3.5 [&_svg]:shrink-0'

function Item({ item }: { item: MenuItem }) {
  const body = (
    <>
      {item.icon}
      <span className="min-w-0 flex-1">
        <span className="block truncate">{item.label}</span>
        {item.hint ? <span className="block whitespace-normal text-ink-muted text-xs">{item.hint}</span> : null}
      </span>
    </>
  )
  const className = cn(ITEM, item.danger && 'text-danger')
  if (item.checked === undefined) {
    return (
      <DropdownMenu.Item className={className} disabled={item.disabled ?? false} onSelect={item.onSelect}>
        {body}
      </DropdownMenu.Item>
    )
  }
  return (
    <DropdownMenu.CheckboxItem
      className={className}
      checked={item.checked}
      disabled={item.disabled ?? false}
      onSelect={(event) => {
        event.preventDefault()
        item.onSelect()
      }}
    >
      <Check aria-hidden className={cn(!item.checked && 'invisible')} />
      {body}
    </DropdownMenu.CheckboxItem>
  )
}
