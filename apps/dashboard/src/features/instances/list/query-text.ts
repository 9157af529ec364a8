/**
 * Chips ⇄ text: `status:failed,suspended workflow:order tag.customer:acme input.order.id="A 1" error:timeout after:2026-11-01`.
 * A bare word is looked for in ids. Pure; `parse(format(x))` is x for every x that the list can show.
 */
import { isInstanceStatus } from '@/lib/status'
import { ATTENTION, type InstanceFilters, isInputPath, NO_FILTERS, type Scalar } from './filters'

export interface ParsedQuery {
  readonly filters: InstanceFilters
  /** Parts that were not understood, with the reason; they filter nothing. */
  readonly problems: readonly string[]
}

const TEXT_KEYS = {
  workflow: 'workflow',
  id: 'id',
  error: 'error',
  parent: 'parent',
  chain: 'chain',
  forkedfrom: 'forkedFrom',
} as const

export function parseQueryText(text: string): ParsedQuery {
  const problems: string[] = []
  let filters: InstanceFilters = NO_FILTERS
  for (const { key, value, isQuoted } of tokens(text)) {
    if (key === null) {
      filters = { ...filters, id: value }
      continue
    }
    const result = apply(filters, key, value, isQuoted)
    if (typeof result === 'string') problems.push(result)
    else filters = result
  }
  return { filters, problems }
}

export function formatQueryText(filters: InstanceFilters): string {
  const parts: string[] = []
  if (filters.status.length > 0) parts.push(`status:${filters.status.join(',')}`)
  if (filters.attention) parts.push(`attention:${filters.attention}`)
  for (const [key, field] of Object.entries(TEXT_KEYS)) {
    const value = filters[field]
    if (value) parts.push(`${key}:${quoted(value)}`)
  }
  if (filters.after) parts.push(`after:${filters.after.toISOString()}`)
  if (filters.before) parts.push(`before:${filters.before.toISOString()}`)
  for (const [name, value] of Object.entries(filters.tags)) parts.push(`tag.${quotedKey(name)}:${quoted(value)}`)
  for (const [path, value] of Object.entries(filters.input)) parts.push(`input.${path}=${formatScalar(value)}`)
  return parts.join(' ')
}

/** `12`, `true`, `null` are what they look like; everything else, and everything in quotes, is text. */
export function parseScalar(text: string, isQuoted = false): Scalar {
  if (isQuoted) return text
  if (text === 'true') return true
  if (text === 'false') return false
  if (text === 'null') return null
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text)) ? Number(text) : text
}

export function formatScalar(value: Scalar): string {
  if (typeof value !== 'string') return String(value)
  return parseScalar(value) === value && isBare(value) ? value : JSON.stringify(value)
}

function apply(filters: InstanceFilters, key: string, value: string, isQuoted: boolean): InstanceFilters | string {
  const lower = key.toLowerCase()
  if (lower === 'status') {
    const unknown = value.split(',').filter((word) => !isInstanceStatus(word))
    if (unknown.length > 0) return `status:${unknown.join(',')} is no status`
    return { ...filters, status: value.split(',').filter(isInstanceStatus) }
  }
  if (lower === 'attention') {
    const known = ATTENTION.find((word) => word === value)
    return known ? { ...filters, attention: known } : `attention:${value} is neither ${ATTENTION.join(' nor ')}`
  }
  if (lower === 'after' || lower === 'before') {
    const date = parseDate(value)
    return date ? { ...filters, [lower]: date } : `${lower}:${value} is no date`
  }
  if (lower.startsWith('tag.')) return { ...filters, tags: { ...filters.tags, [key.slice(4)]: value } }
  if (lower.startsWith('input.')) {
    const path = key.slice(6)
    return isInputPath(path)
      ? { ...filters, input: { ...filters.input, [path]: parseScalar(value, isQuoted) } }
      : `${path} is no path into the input`
  }
  const field = Object.hasOwn(TEXT_KEYS, lower) ? TEXT_KEYS[lower as keyof typeof TEXT_KEYS] : null
  return field ? { ...filters, [field]: value } : `${key} is nothing to filter by`
}

/** A day, a moment, or a distance back from now such as `24h` is not understood here on purpose: the text is a link that means the same tomorrow. */
export function parseDate(text: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) return null
  const date = new Date(text.length === 10 ? `${text}T00:00:00Z` : text)
  return Number.isNaN(date.getTime()) ? null : date
}

interface Token {
  readonly key: string | null
  readonly value: string
  readonly isQuoted: boolean
}

const TOKEN =
  /(?:("(?:[^"\\]|\\.)*"|[A-Za-z]+\.(?:"(?:[^"\\]|\\.)*"|[^\s:="]+)|[A-Za-z]+)[:=])?("(?:[^"\\]|\\.)*"|[^\s"]\S*)/g

function tokens(text: string): readonly Token[] {
  return [...text.matchAll(TOKEN)].map(([, key, value]): Token => {
    const isQuoted = value?.startsWith('"') === true && value.length > 1
    return {
      key: key === undefined ? null : unquotedKey(key),
      value: isQuoted ? unquote(value ?? '') : (value ?? ''),
      isQuoted,
    }
  })
}

function isBare(text: string): boolean {
  return /^[^\s":=][^\s"]*$/.test(text)
}

function quoted(text: string): string {
  return isBare(text) && !/^[A-Za-z.]+[:=]/.test(text) ? text : JSON.stringify(text)
}

function quotedKey(key: string): string {
  return /^[^\s:="]+$/.test(key) ? key : JSON.stringify(key)
}

function unquotedKey(key: string): string {
  const at = key.indexOf('"')
  return at < 0 ? key : key.slice(0, at) + unquote(key.slice(at))
}

function unquote(text: string): string {
  try {
    return JSON.parse(text) as string
  } catch {
    return text.slice(1, -1)
  }
}
