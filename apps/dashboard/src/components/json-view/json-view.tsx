'use client'
/**
 * The payload viewer: a tree that folds, searches, copies and downloads. Everything is a text node. Rows are virtual, so a megabyte scrolls; bytes
 * are shown as a hex dump with their size.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, Download, Search } from 'lucide-react'
import { type KeyboardEvent, memo, useMemo, useRef, useState } from 'react'
import { CopyButton } from '@/components/copy-button'
import { Button } from '@/components/ui/button'
import { cn } from '@/lib/cn'
import { download } from '@/lib/download'
import { formatBytes, plural } from '@/lib/format'
import { hexDump, jsonBytes, prettyJson } from '@/lib/json'
import { type Folding, type JsonRow, jsonRows, PAGE, searchJson, unfoldTo } from './json-rows'

const ROW_HEIGHT = 24
const HEX_LIMIT = 64 * 1024

export interface JsonViewProps {
  readonly value: unknown
  readonly label: string
  /** Name of the file when downloaded, without ending. */
  readonly fileName?: string
  readonly maxHeight?: number
  readonly openDepth?: number
}

export function JsonView({ value, label, fileName = 'payload', maxHeight = 320, openDepth = 2 }: JsonViewProps) {
  const [searching, setSearching] = useState(false)
  const bytes = useMemo(() => jsonBytes(value), [value])
  const isBytes = value instanceof Uint8Array
  const save = () =>
    isBytes
      ? download(`${fileName}.bin`, new Blob([new Uint8Array(value)]), 'application/octet-stream')
      : download(`${fileName}.json`, prettyJson(value))
  return (
    <div className="group/json relative flex min-w-0 flex-col">
      <div className="absolute top-0.5 right-0.5 z-10 flex items-center rounded-md bg-surface/90">
        <span className="px-1.5 text-2xs text-ink-faint tabular">{formatBytes(bytes)}</span>
        {isBytes ? null : (
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Search in ${label}`}
            aria-pressed={searching}
            onClick={() => setSearching(!searching)}
          >
            <Search />
          </Button>
        )}
        <CopyButton text={() => prettyJson(value)} label={`Copy ${label}`} />
        <Button variant="ghost" size="icon" aria-label={`Download ${label}`} onClick={save}>
          <Download />
        </Button>
      </div>
      {isBytes ? <Hex bytes={value} label={label} maxHeight={maxHeight} /> : null}
      {isBytes ? null : (
        <Tree value={value} label={label} maxHeight={maxHeight} openDepth={openDepth} searching={searching} />
      )}
    </div>
  )
}

function Hex({ bytes, label, maxHeight }: { bytes: Uint8Array; label: string; maxHeight: number }) {
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a pane that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={`${label}, binary`}
      className="overflow-auto p-3 pt-8"
      style={{ maxHeight }}
    >
      <pre className="text-xs leading-5">
        {hexDump(bytes, HEX_LIMIT)}
        {bytes.length > HEX_LIMIT ? `\n… ${formatBytes(bytes.length - HEX_LIMIT)} more: download to see all` : ''}
      </pre>
    </section>
  )
}

function Tree({
  value,
  label,
  maxHeight,
  openDepth,
  searching,
}: {
  value: unknown
  label: string
  maxHeight: number
  openDepth: number
  searching: boolean
}) {
  const [folding, setFolding] = useState<Folding>({ toggled: new Set(), openDepth, pages: new Map() })
  const [text, setText] = useState('')
  const [hit, setHit] = useState(0)
  const scroller = useRef<HTMLDivElement>(null)
  const hits = useMemo(() => (searching ? searchJson(value, text) : []), [searching, value, text])
  const current = hits[hit] ?? null
  const effective = useMemo(
    () => (current === null ? folding : unfoldTo(value, current, folding)),
    [value, current, folding],
  )
  const rows = useMemo(() => jsonRows(value, effective), [value, effective])
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
    initialRect: { width: 600, height: Math.min(maxHeight, rows.length * ROW_HEIGHT) },
  })
  const toggle = (row: JsonRow) => {
    const toggled = new Set(effective.toggled)
    if (!toggled.delete(row.path)) toggled.add(row.path)
    setFolding({ ...effective, toggled })
  }
  const more = (row: JsonRow) => {
    const path = String(row.value)
    setFolding({
      ...effective,
      pages: new Map(effective.pages).set(path, (effective.pages.get(path) ?? PAGE) + PAGE * 5),
    })
  }
  const step = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || hits.length === 0) return
    event.preventDefault()
    const next = (hit + (event.shiftKey ? hits.length - 1 : 1)) % hits.length
    setHit(next)
    const at = jsonRows(value, unfoldTo(value, hits[next] ?? '', folding)).findIndex((row) => row.path === hits[next])
    if (at >= 0) virtual.scrollToIndex(at, { align: 'center' })
  }
  return (
    <>
      {searching ? (
        <div className="flex items-center gap-2 border-line border-b px-3 py-1 pr-32">
          <input
            // biome-ignore lint/a11y/noAutofocus: it appears because the person asked to search
            autoFocus
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setHit(0)
            }}
            onKeyDown={step}
            aria-label={`Search in ${label}`}
            placeholder="Search keys and values"
            className="h-6 min-w-0 flex-1 bg-transparent text-xs outline-none"
          />
          <span role="status" className="text-2xs text-ink-muted tabular">
            {text ? (hits.length ? `${hit + 1} of ${hits.length}` : 'none') : ''}
          </span>
        </div>
      ) : null}
      <section
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a pane that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={label}
        className="overflow-auto px-2 py-2 font-mono text-xs"
        style={{ maxHeight }}
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            if (!row) return null
            return (
              <div
                key={row.path}
                className="absolute top-0 left-0 min-w-full"
                style={{ transform: `translateY(${item.start}px)`, height: ROW_HEIGHT }}
              >
                <Row
                  row={row}
                  isHit={row.path === current}
                  foldable={row.kind === 'open' || row.kind === 'closed'}
                  onToggle={row.kind === 'more' ? more : toggle}
                />
              </div>
            )
          })}
        </div>
      </section>
    </>
  )
}

const Row = memo(function Row({
  row,
  isHit,
  foldable,
  onToggle,
}: {
  row: JsonRow
  isHit: boolean
  foldable: boolean
  onToggle: (row: JsonRow) => void
}) {
  const indent = { paddingLeft: `${row.depth * 1.1 + (foldable ? 0 : 1.1)}rem` }
  if (row.kind === 'more') {
    return (
      <button
        type="button"
        style={indent}
        className="text-accent underline-offset-2 hover:underline"
        onClick={() => onToggle(row)}
      >
        {plural(row.count, 'more item')} …
      </button>
    )
  }
  const body = (
    <>
      {row.key === null ? null : (
        <>
          <span className="text-json-key">{row.key}</span>
          <span className="text-ink-faint">: </span>
        </>
      )}
      <RowValue row={row} />
      {row.isLast || row.kind === 'open' ? null : <span className="text-ink-faint">,</span>}
    </>
  )
  const className = cn('flex h-6 w-max min-w-full items-center whitespace-pre rounded-sm', isHit && 'bg-warning/20')
  if (!foldable) {
    return (
      <div style={indent} className={className}>
        <span>{body}</span>
      </div>
    )
  }
  return (
    <button
      type="button"
      style={indent}
      className={cn(className, 'text-left hover:bg-hover')}
      aria-expanded={row.kind === 'open'}
      onClick={() => onToggle(row)}
    >
      <ChevronRight
        aria-hidden
        className={cn(
          'mr-0.5 size-3.5 shrink-0 text-ink-faint transition-transform',
          row.kind === 'open' && 'rotate-90',
        )}
      />
      <span>{body}</span>
    </button>
  )
})

function RowValue({ row }: { row: JsonRow }) {
  const close = row.bracket === '[' ? ']' : '}'
  if (row.kind === 'open') return <span className="text-ink-muted">{row.bracket}</span>
  if (row.kind === 'end') return <span className="text-ink-muted">{close}</span>
  if (row.kind === 'closed') {
    return (
      <span className="text-ink-muted">
        {row.bracket} <span className="text-ink-faint">{plural(row.count, row.bracket === '[' ? 'item' : 'key')}</span>{' '}
        {close}
      </span>
    )
  }
  if (row.bracket) return <span className="text-ink-muted">{row.bracket + close}</span>
  return <Leaf value={row.value} />
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === 'string') return <span className="text-json-string">{JSON.stringify(value)}</span>
  if (typeof value === 'number' || typeof value === 'bigint')
    return <span className="text-json-number">{String(value)}</span>
  if (value instanceof Date) return <span className="text-json-string">{value.toISOString()}</span>
  if (value instanceof Uint8Array)
    return <span className="text-json-literal">bytes({formatBytes(value.byteLength)})</span>
  return <span className="text-json-literal">{value === undefined ? 'undefined' : String(value)}</span>
}
