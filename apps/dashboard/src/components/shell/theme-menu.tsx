'use client'
import { Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Button } from '@/components/ui/button'
import { Menu } from '@/components/ui/menu'
import { applyTheme, chosenTheme, onThemeChange, type Theme } from '@/lib/theme'

const ICONS = { system: Monitor, light: Sun, dark: Moon }
const LABELS = { system: 'System', light: 'Light', dark: 'Dark' }

export function ThemeMenu({ initial }: { initial: Theme }) {
  const theme = useSyncExternalStore(onThemeChange, chosenTheme, () => null) ?? initial
  const Icon = ICONS[theme]
  const items = (['system', 'light', 'dark'] as const).map((id) => ({
    id,
    label: LABELS[id],
    checked: theme === id,
    onSelect: () => applyTheme(id),
  }))
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="iconLg" aria-label={`Theme: ${LABELS[theme]}`} title="Theme">
          <Icon />
        </Button>
      }
      groups={[{ label: 'Theme', items }]}
    />
  )
}
