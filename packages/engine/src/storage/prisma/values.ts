/** What drivers and Prisma return, as the types that the storage interface promises. The three databases and the two paths differ in nothing else. */

/** An integer of any width: drivers give 8-byte integers as number, bigint or string. */
export function num(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' || typeof value === 'string' || typeof value === 'boolean') return Number(value)
  throw new TypeError(`Expected an integer from the database, got ${value === null ? 'NULL' : typeof value}`)
}

export function numOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : num(value)
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError(`Expected text from the database, got ${value === null ? 'NULL' : typeof value}`)
}

export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : text(value)
}

export function bool(value: unknown): boolean {
  return value === true || (value !== false && num(value) !== 0)
}

export function bytesOrNull(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new TypeError(`Expected bytes from the database, got ${typeof value}`)
}
