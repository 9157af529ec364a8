'use client'
import { Bookmark, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { Popover } from '@/components/ui/popover'
import { useSavedViews } from './saved-views'

export function SavedViews({ text, onOpen }: { text: string; onOpen: (query: string) => void }) {
  const { views, save, remove } = useSavedViews()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!name.trim()) return
    save({ name: name.trim(), query: text })
    setName('')
  }
  return (
    <Popover
      label="Saved views"
      align="end"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button variant="ghost">
          <Bookmark />
          Views
        </Button>
      }
    >
      {views.length === 0 ? (
        <p className="pb-3 text-ink-muted text-xs">
          No saved views yet. A view is a name for the filters on screen, kept in this browser.
        </p>
      ) : null}
      <ul className="mb-3 flex flex-col gap-px empty:hidden">
        {views.map((view) => (
          <li key={view.name} className="flex items-center gap-1">
            <button
              type="button"
              onClick={() => {
                onOpen(view.query)
                setOpen(false)
              }}
              className="min-w-0 flex-1 rounded-sm px-2 py-1 text-left hover:bg-hover"
            >
              <span className="block truncate font-medium">{view.name}</span>
              <code className="block truncate text-2xs text-ink-muted">{view.query || 'all instances'}</code>
            </button>
            <Button
              variant="ghost"
              size="icon"
              aria-label={`Delete view ${view.name}`}
              onClick={() => remove(view.name)}
            >
              <Trash2 />
            </Button>
          </li>
        ))}
      </ul>
      <form onSubmit={submit} className="flex items-end gap-2 border-line border-t pt-3">
        <div className="min-w-0 flex-1">
          <Field label="Save these filters as">
            {(ids) => <Input {...ids} value={name} onChange={(event) => setName(event.target.value)} maxLength={60} />}
          </Field>
        </div>
        <Button type="submit" size="md">
          Save
        </Button>
      </form>
    </Popover>
  )
}
