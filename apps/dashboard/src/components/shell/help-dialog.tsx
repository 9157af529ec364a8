'use client'
import { Dialog } from '@/components/ui/dialog'
import { Kbd } from '@/components/ui/kbd'
import { type Hotkey, registeredHotkeys } from '@/lib/hotkeys'

export function HelpDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const groups = new Map<string, Hotkey[]>()
  for (const hotkey of registeredHotkeys()) groups.set(hotkey.group, [...(groups.get(hotkey.group) ?? []), hotkey])
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts" size="md">
      <div className="grid gap-x-8 gap-y-5 pt-2 sm:grid-cols-2">
        {[...groups].reverse().map(([group, hotkeys]) => (
          <section key={group}>
            <h3 className="mb-1.5 font-medium text-ink-muted text-xs">{group}</h3>
            <dl className="flex flex-col gap-1">
              {hotkeys.map((hotkey) => (
                <div key={hotkey.keys} className="flex items-center justify-between gap-4">
                  <dt>{hotkey.label}</dt>
                  <dd>
                    <Kbd keys={hotkey.keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
