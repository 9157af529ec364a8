/** The first connection to a server: tried again for a while when nobody answers yet, and explained when it cannot be had. */
import { DatabaseError } from '../../model/errors'
import { backoff } from './backoff'
import { type ServerUrl, withoutPassword } from './server-url'

export interface Refusal {
  /** `later`: may answer soon. The others never will without a change. */
  readonly kind: 'later' | 'password' | 'no-database' | 'forbidden' | 'other'
}

/**
 * @param classify what a driver's error means
 * @param createCommand how to create the missing database
 * @throws DatabaseError
 */
export async function connectPatiently<Connection>(
  url: ServerUrl,
  connect: () => Promise<Connection>,
  classify: (error: unknown) => Refusal['kind'],
  options: { readonly patienceMs: number; readonly createCommand: string },
): Promise<Connection> {
  const startedAt = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect()
    } catch (error) {
      const waitedMs = Math.round(performance.now() - startedAt)
      const kind = classify(error)
      if (kind !== 'later' || waitedMs >= options.patienceMs)
        throw new DatabaseError(
          explain(url, error, kind, { attempt, waitedMs, createCommand: options.createCommand }),
          {
            cause: error,
          },
        )
      await backoff(attempt, 1000)
    }
  }
}

function explain(
  url: ServerUrl,
  error: unknown,
  kind: Refusal['kind'],
  tried: { readonly attempt: number; readonly waitedMs: number; readonly createCommand: string },
): string {
  const said = withoutPassword(messageOf(error), url.password)
  switch (kind) {
    case 'later':
      return (
        `Cannot reach ${url.where} after ${tried.attempt} ${tried.attempt === 1 ? 'attempt' : 'attempts'} in ${tried.waitedMs} ms: ${said}. ` +
        'Check that the server runs, that host and port in dbUrl are right and that no firewall is between.'
      )
    case 'password':
      return `${url.where} refused user "${url.user}": ${said}. Check user and password in dbUrl (special characters percent-encoded).`
    case 'no-database':
      return `${url.where} does not exist on that server. Create it: ${tried.createCommand}`
    case 'forbidden':
      return `${url.where} does not let user "${url.user}" in: ${said}. Grant the user access, or check the server's access rules and whether it demands TLS.`
    case 'other':
      return `Cannot connect to ${url.where}: ${said}`
  }
}

/** An error of several addresses of one host has its reasons inside. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map((inner) => messageOf(inner)))].join('; ')
  return error instanceof Error ? error.message || error.name : String(error)
}
