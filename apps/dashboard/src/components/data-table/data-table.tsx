'use client'
/**
 * The one table. Filters, order and pages are the server's and live in the URL; the table shows columns, holds the selection it is given and moves
 * a cursor with `j`/`k`. A row's link is a real link that covers the row: middle click, keyboard and screen readers find it.
 */
import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  type RowSelectionState,
  useReactTable,
  type VisibilityState,
} from '@tanstack/react-table'
import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Checkbox } from '@/components/ui/field'
import { cn } from '@/lib/cn'
import { useHotkeys } from '@/lib/hotkeys'

export interface ColumnMeta {
  readonly className?: string
  /** Words for the column chooser when the header is not text. */
  readonly label?: string
}

export type Column<Row> = ColumnDef<Row> & { readonly meta?: ColumnMeta }

export interface Selection {
  readonly ids: ReadonlySet<string>
  readonly onChange: (ids: ReadonlySet<string>) => void
  readonly noun: string
}

export interface DataTableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly rowId: (row: Row) => string
  /** Where a row leads, or what it opens. */
  readonly rowHref?: (row: Row) => string
  readonly onOpen?: (row: Row) => void
  readonly selection?: Selection
  readonly hidden?: ReadonlySet<string>
  readonly activeId?: string | null
  /** Older rows while the next page is on its way. */
  readonly dimmed?: boolean
  readonly footer?: ReactNode
}

const NONE: ReadonlySet<string> = new Set()

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowId, selection, hidden = NONE, dimmed = false, footer } = props
  const router = useRouter()
  const columnVisibility: VisibilityState = Object.fromEntries([...hidden].map((id) => [id, false]))
  const rowSelection: RowSelectionState = Object.fromEntries([...(selection?.ids ?? NONE)].map((id) => [id, true]))
  const table = useReactTable({
    data: rows as Row[],
    columns: columns as ColumnDef<Row>[],
    getCoreRowModel: getCoreRowModel(),
    getRowId: rowId,
    state: { columnVisibility, rowSelection },
  })
  const open = (row: Row | undefined) => {
    if (!row) return
    if (props.onOpen) props.onOpen(row)
    else if (props.rowHref) router.push(props.rowHref(row))
  }
  const toggle = (id: string) => {
    const ids = new Set(selection?.ids)
    if (!ids.delete(id)) ids.add(id)
    selection?.onChange(ids)
  }
  const { cursor, body } = useRowCursor(rows, open, selection ? (row) => toggle(rowId(row)) : null)
  const allSelected = rows.length > 0 && rows.every((row) => selection?.ids.has(rowId(row)))
  return (
    <div className={cn('relative min-w-0 overflow-x-auto transition-opacity', dimmed && 'opacity-60')}>
      <table aria-label={label} aria-busy={dimmed} className="w-full border-collapse text-left text-sm">
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} className="border-line border-b">
              {selection ? (
                <th className="w-8 py-0 pr-0 pl-4 lg:pl-6" scope="col">
                  <Checkbox
                    aria-label={`Select all ${selection.noun} on this page`}
                    checked={allSelected}
                    onChange={() => selection.onChange(allSelected ? NONE : new Set(rows.map(rowId)))}
                  />
                </th>
              ) : null}
              {group.headers.map((header) => (
                <th
                  key={header.id}
                  scope="col"
                  className={cn(
                    'h-8 whitespace-nowrap px-3 font-medium text-ink-muted text-xs first:pl-4 last:pr-4 lg:last:pr-6 lg:first:pl-6',
                    metaOf(header.column.columnDef),
                  )}
                >
                  {flexRender(header.column.columnDef.header, header.getContext())}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody ref={body}>
          {table.getRowModel().rows.map((row, index) => (
            <tr
              key={row.id}
              data-active={row.id === props.activeId || undefined}
              className={cn(
                'group/row relative border-line border-b last:border-b-0 hover:bg-hover/70 data-[active]:bg-selected',
                selection?.ids.has(row.id) && 'bg-selected/60',
                index === cursor && 'bg-hover',
              )}
            >
              {selection ? (
                <td className="relative z-10 w-8 py-0 pr-0 pl-4 lg:pl-6">
                  <Checkbox
                    aria-label={`Select ${row.id}`}
                    checked={selection.ids.has(row.id)}
                    onChange={() => toggle(row.id)}
                  />
                </td>
              ) : null}
              {row.getVisibleCells().map((cell) => (
                <td
                  key={cell.id}
                  className={cn(
                    'h-10 px-3 py-1.5 first:pl-4 last:pr-4 lg:last:pr-6 lg:first:pl-6',
                    metaOf(cell.column.columnDef),
                  )}
                >
                  {flexRender(cell.column.columnDef.cell, cell.getContext())}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {footer}
    </div>
  )
}

/** A cursor that `j` and `k` move over the rows on the page; the focus goes with it. */
function useRowCursor<Row>(
  rows: readonly Row[],
  onOpen: (row: Row | undefined) => void,
  onSelect: ((row: Row) => void) | null,
) {
  const [cursor, setCursor] = useState(-1)
  const body = useRef<HTMLTableSectionElement>(null)
  const at = (index: number): Row | undefined => rows[index]
  useHotkeys([
    { keys: 'j', label: 'Next row', group: 'Lists', run: () => setCursor(Math.min(cursor + 1, rows.length - 1)) },
    { keys: 'k', label: 'Previous row', group: 'Lists', run: () => setCursor(Math.max(cursor - 1, 0)) },
    { keys: 'enter', label: 'Open the row', group: 'Lists', run: () => onOpen(at(cursor)) },
    ...(onSelect
      ? [
          {
            keys: 'x',
            label: 'Select the row',
            group: 'Lists',
            run: () => {
              const row = at(cursor)
              if (row) onSelect(row)
            },
          },
        ]
      : []),
  ])
  useEffect(() => {
    if (cursor < 0) return
    const element = body.current?.children[cursor]
    element?.scrollIntoView({ block: 'nearest' })
    element?.querySelector<HTMLElement>('[data-row-link]')?.focus({ preventScroll: true })
  }, [cursor])
  return { cursor, body }
}

function metaOf(definition: { meta?: unknown }): string {
  return (definition.meta as ColumnMeta | undefined)?.className ?? ''
}
