/** Values as the API delivers them: JSON, or bytes. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** Pretty text of any value; bytes become a hex dump, dates their ISO form. */
export function prettyJson(value: unknown): string {
  if (value instanceof Uint8Array) return hexDump(value)
  return (
    JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Uint8Array ? hexDump(inner) : inner), 2) ?? 'null'
  )
}

/** Rough size of the JSON text without making it when the value is obviously small. */
export function jsonBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength
  return new TextEncoder().encode(JSON.stringify(value) ?? '').byteLength
}

/** Offset, sixteen bytes, printable characters: the form everybody reads. */
export function hexDump(bytes: Uint8Array, limit = bytes.length): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, limit); at += 16) {
    const row = bytes.subarray(at, Math.min(at + 16, limit))
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0'))
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
    lines.push(
      `${at.toString(16).padStart(8, '0')}  ${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}  ${text}`,
    )
  }
  return lines.join('\n')
}

/** One line for a table cell: `{"orderId":"A1","items":[…3]}`, cut at `limit` characters. */
export function jsonPreview(value: unknown, limit = 120): string {
  const text = preview(value, 0)
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}

function preview(value: unknown, depth: number): string {
  if (value === undefined) return ''
  if (value instanceof Uint8Array) return `bytes(${value.byteLength})`
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return depth > 0 || value.length > 4
      ? `[…${value.length}]`
      : `[${value.map((item) => preview(item, depth + 1)).join(', ')}]`
  }
  if (isRecord(value)) {
    const entries = Object.entries(value)
    if (entries.length === 0) return '{}'
    if (depth > 1) return '{…}'
    const shown = entries.slice(0, 6).map(([key, inner]) => `${key}: ${preview(inner, depth + 1)}`)
    return `{ ${shown.join(', ')}${entries.length > 6 ? ', …' : ''} }`
  }
  return String(value)
}
