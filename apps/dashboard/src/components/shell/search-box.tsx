'use client'
import { Search } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type FormEvent, useRef } from 'react'
import { Kbd } from '@/components/ui/kbd'
import { useHotkeys } from '@/lib/hotkeys'

/** One box: an id, or the query language of the list (`status:failed input.orderId=A1`). The instances page understands it. */
export function SearchBox() {
  const router = useRouter()
  const input = useRef<HTMLInputElement>(null)
  useHotkeys([{ keys: '/', label: 'Search instances', group: 'Anywhere', run: () => input.current?.select() }])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const text = input.current?.value.trim() ?? ''
    router.push(text ? `/instances?q=${encodeURIComponent(text)}` : '/instances')
    if (input.current) input.current.value = ''
    input.current?.blur()
  }
  return (
    <search className="min-w-0 max-w-xl flex-1">
      <form onSubmit={submit} className="relative">
        <Search
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-ink-faint"
        />
        <input
          ref={input}
          type="search"
          name="q"
          aria-label="Search instances"
          placeholder="Find by id, or status:failed input.orderId=A-100 …"
          autoComplete="off"
          spellCheck={false}
          onKeyDown={(event) => {
            if (event.key === 'Escape') input.current?.blur()
          }}
          className="h-8 w-full min-w-0 rounded-md border border-line bg-sunken pr-2 pl-8 text-sm transition-colors [&::-webkit-search-cancel-button]:hidden hover:border-line-strong focus:border-focus focus:bg-surface focus:outline-2 focus:outline-focus/30 focus:outline-offset-0 sm:pr-8"
        />
        <span className="pointer-events-none absolute top-1/2 right-2 hidden -translate-y-1/2 sm:block">
          <Kbd keys="/" />
        </span>
      </form>
    </search>
  )
}
