/** How to connect. The driver reads the URL itself (TLS parameters and all); what is Prisma's or ours is taken out first. */
import type pg from 'pg'
import type { ServerUrl } from '../server-url'

const NOT_FOR_THE_DRIVER = [
  'schema',
  'pgbouncer',
  'connection_limit',
  'pool_timeout',
  'connect_timeout',
  'socket_timeout',
]

export function clientConfig(
  dbUrl: string,
  { params, host, port, user, password, database }: ServerUrl,
): pg.ClientConfig {
  const url = new URL(dbUrl)
  for (const name of NOT_FOR_THE_DRIVER) url.searchParams.delete(name)
  const schema = params.get('schema')
  return {
    // with a query the driver must read the URL, without one nothing needs to
    ...(url.search === ''
      ? { host, port, user: user || undefined, password: password || undefined, database }
      : { connectionString: url.href }),
    ...(schema ? { options: `-c search_path=${quoted(schema)}` } : {}),
    application_name: 'edda',
    keepAlive: true,
  }
}

/** A schema's name inside the startup option, where spaces and backslashes need escaping. */
function quoted(schema: string): string {
  return `"${schema.replaceAll('"', '""')}"`.replaceAll(/[\\ ]/g, '\\$&')
}
