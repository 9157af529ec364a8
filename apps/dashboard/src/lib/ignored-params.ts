/** Which parts of the address were not understood. They filter nothing, and the page says so instead of guessing or failing. */
export interface Readable {
  readonly type?: string
  parse(value: never): unknown
}

export function ignoredParams(search: URLSearchParams, parsers: Readonly<Record<string, Readable>>): readonly string[] {
  const ignored: string[] = []
  for (const [key, parser] of Object.entries(parsers)) {
    const values = search.getAll(key)
    if (values.length === 0) continue
    const parse = parser.parse as (value: unknown) => unknown
    const isRead =
      parser.type === 'multi'
        ? values.every((value) => (parse([value]) as readonly unknown[] | null)?.length)
        : safely(() => parse(values[0])) !== null
    if (!isRead) ignored.push(`${key}=${values.join(',')}`)
  }
  return ignored
}

function safely(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return null
  }
}
