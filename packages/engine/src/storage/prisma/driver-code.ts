/** The database's own code of an error, through whatever has wrapped it: the driver, Prisma's adapter, Prisma's client. */
export function driverCode(error: unknown, depth = 0): string | undefined {
  if (error === null || typeof error !== 'object' || depth > 5) return undefined
  const { code, errno, originalCode, cause, meta } = error as {
    code?: unknown
    errno?: unknown
    originalCode?: unknown
    cause?: unknown
    meta?: { driverAdapterError?: unknown }
  }
  if (typeof originalCode === 'string') return originalCode
  const inner = driverCode(meta?.driverAdapterError, depth + 1) ?? driverCode(cause, depth + 1)
  if (inner !== undefined) return inner
  // MySQL's driver has a number beside a name
  if (typeof errno === 'number' && errno > 0 && 'sqlState' in error) return String(errno)
  return typeof code === 'string' ? code : undefined
}
