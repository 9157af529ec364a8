/**
 * A JSON value as the rows of a tree that is folded in places. Pure. Only what is unfolded is walked, so a payload of a megabyte costs what is on
 * screen; a container with thousands of members is given out in pages.
 */
import { isRecord } from '@/lib/json'

export interface JsonRow {
  /** Path of keys, JSON-pointer escaped: the row's identity. */
  readonly path: string
  readonly depth: number
  readonly key: string | null
  readonly kind: 'leaf' | 'open' | 'closed' | 'end' | 'more'
  readonly value: unknown
  /** Of a container: how many members. Of `more`: how many are not shown. */
  readonly count: number
  readonly bracket: '[' | '{' | null
  readonly isLast: boolean
}

export interface Folding {
  /** Paths whose fold differs from the default. */
  readonly toggled: ReadonlySet<string>
  /** Containers deeper than this are folded by default. */
  readonly openDepth: number
  /** How many members of a large container are shown, by path. */
  readonly pages: ReadonlyMap<string, number>
}

export const PAGE = 200

export function isFolded(path: string, depth: number, count: number, folding: Folding): boolean {
  const byDefault = depth >= folding.openDepth || (depth > 0 && count > 50)
  return folding.toggled.has(path) ? !byDefault : byDefault
}

export function jsonRows(value: unknown, folding: Folding): readonly JsonRow[] {
  const rows: JsonRow[] = []
  walk(rows, { value, path: '', depth: 0, key: null, isLast: true }, folding)
  return rows
}

interface Place {
  readonly value: unknown
  readonly path: string
  readonly depth: number
  readonly key: string | null
  readonly isLast: boolean
}

function walk(rows: JsonRow[], place: Place, folding: Folding): void {
  const { value, path, depth, key, isLast } = place
  const members = membersOf(value)
  if (!members || members.length === 0) {
    rows.push({ path, depth, key, kind: 'leaf', value, count: 0, bracket: members ? bracketOf(value) : null, isLast })
    return
  }
  const bracket = bracketOf(value)
  const count = members.length
  if (isFolded(path, depth, count, folding)) {
    rows.push({ path, depth, key, kind: 'closed', value, count, bracket, isLast })
    return
  }
  rows.push({ path, depth, key, kind: 'open', value, count, bracket, isLast })
  const shown = Math.min(count, folding.pages.get(path) ?? PAGE)
  for (let index = 0; index < shown; index++) {
    const [name, inner] = members[index] as readonly [string, unknown]
    walk(
      rows,
      {
        value: inner,
        path: `${path}/${escapeKey(name)}`,
        depth: depth + 1,
        key: bracket === '[' ? null : name,
        isLast: index === count - 1,
      },
      folding,
    )
  }
  if (shown < count) {
    rows.push({
      path: `${path}/…`,
      depth: depth + 1,
      key: null,
      kind: 'more',
      value: path,
      count: count - shown,
      bracket: null,
      isLast: true,
    })
  }
  rows.push({ path: `${path}/end`, depth, key: null, kind: 'end', value: null, count: 0, bracket, isLast })
}

/** Paths whose key or leaf contains the text, in document order, at most `limit`. Walks everything, folded or not. */
export function searchJson(value: unknown, text: string, limit = 500): readonly string[] {
  const needle = text.toLowerCase()
  const found: string[] = []
  if (!needle) return found
  const visit = (inner: unknown, path: string, key: string | null): void => {
    if (found.length >= limit) return
    const members = membersOf(inner)
    if (key?.toLowerCase().includes(needle) || (!members && String(inner).toLowerCase().includes(needle)))
      found.push(path)
    for (const [name, member] of members ?? [])
      visit(member, `${path}/${escapeKey(name)}`, Array.isArray(inner) ? null : name)
  }
  visit(value, '', null)
  return found
}

/** The folding under which a path is visible. */
export function unfoldTo(value: unknown, path: string, folding: Folding): Folding {
  const toggled = new Set(folding.toggled)
  const pages = new Map(folding.pages)
  let at = ''
  let inner = value
  const steps = path.split('/').slice(1)
  steps.forEach((step, depth) => {
    const members = membersOf(inner) ?? []
    if (isFolded(at, depth, members.length, { ...folding, toggled })) {
      if (toggled.has(at)) toggled.delete(at)
      else toggled.add(at)
    }
    const index = members.findIndex(([name]) => escapeKey(name) === step)
    if (index >= (pages.get(at) ?? PAGE)) pages.set(at, Math.ceil((index + 1) / PAGE) * PAGE)
    inner = members[index]?.[1]
    at = `${at}/${step}`
  })
  return { ...folding, toggled, pages }
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [String(index), item] as const)
  if (value instanceof Date) return null
  if (isRecord(value)) return Object.entries(value)
  return null
}

function bracketOf(value: unknown): '[' | '{' {
  return Array.isArray(value) ? '[' : '{'
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
