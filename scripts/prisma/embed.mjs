// The migrations as a TypeScript module: code that ships inside a bundle finds no .sql files beside it.
import { createHash } from 'node:crypto'
import { PROVIDERS, readMigrations } from './providers.mjs'

export function embedMigrations() {
  const byProvider = PROVIDERS.map((provider) => {
    const migrations = readMigrations(provider).map(({ name, sql }) => ({
      name,
      // Prisma's own checksum, so that its tools recognise the rows we write
      checksum: createHash('sha256').update(sql).digest('hex'),
      sql,
    }))
    return `  ${provider}: ${JSON.stringify(migrations, null, 2).replaceAll('\n', '\n  ')},`
  })
  return `// Made by \`npm run generate\` from prisma/<provider>/migrations: change those, not this file.

export interface EmbeddedMigration {
  readonly name: string
  /** SHA-256 of \`sql\` as hex, as Prisma records it. */
  readonly checksum: string
  readonly sql: string
}

export const migrations: Readonly<Record<'sqlite' | 'postgresql' | 'mysql', readonly EmbeddedMigration[]>> = {
${byProvider.join('\n')}
}
`
}
