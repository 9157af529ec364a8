/** `node dist/main.mjs token …`: makes, lists and revokes API tokens from the machine itself, with the database's own rights. */
import { parseArgs } from 'node:util'
import { SettingsError } from './access/access-settings'
import { ROLES, type Role } from './access/principal'
import type { EngineApp } from './engine'

const TOKEN_USAGE = `usage:
  token create --role viewer|operator|admin [--name NAME] [--days N]   prints the token once; without --days it does not expire
  token list
  token revoke ID`

const DAY_MS = 86_400_000

/** @returns lines to print @throws SettingsError for a wrong call */
export async function tokenCommand(
  tokens: EngineApp['admin']['tokens'],
  args: readonly string[],
  user: string,
): Promise<readonly string[]> {
  const operator = { actor: `cli:${user}`, reason: null, requestId: null }
  const [verb, ...rest] = args
  if (verb === 'create') {
    const { name, role, expiresAt } = creation(rest)
    const { secret, record } = await tokens.create({ name, role, expiresAt, kind: 'token' }, operator)
    const until = expiresAt ? `until ${expiresAt.toISOString()}` : 'without end'
    return [
      secret,
      '',
      `${record.id} '${name}', role ${role}, valid ${until}. This is the only time it is shown.`,
      'The API asks for one when it runs with EDDA_AUTH=token.',
    ]
  }
  if (verb === 'list') {
    const rows = (await tokens.list()).filter(({ id }) => id.startsWith('tok_'))
    return rows.map(({ id, name, role, expiresAt, lastUsedAt, revokedAt }) => {
      const state = revokedAt ? 'revoked' : expiresAt && expiresAt.getTime() <= Date.now() ? 'expired' : 'valid'
      return [id, state.padEnd(7), role.padEnd(8), `used ${lastUsedAt?.toISOString() ?? 'never'}`, name].join('  ')
    })
  }
  if (verb === 'revoke' && rest[0]) {
    if (!(await tokens.revoke(rest[0], operator))) throw new SettingsError(`No valid token '${rest[0]}'`)
    return [`${rest[0]} is revoked`]
  }
  throw new SettingsError(TOKEN_USAGE)
}

function creation(args: readonly string[]): { name: string; role: Role; expiresAt: Date | null } {
  const options = { role: { type: 'string' }, name: { type: 'string' }, days: { type: 'string' } } as const
  try {
    const { values } = parseArgs({ args: [...args], options })
    const role = ROLES.find((known) => known === values.role)
    const days = values.days === undefined ? null : Number(values.days)
    if (!role || (days !== null && !(days > 0 && days <= 3_650))) throw new SettingsError(TOKEN_USAGE)
    return {
      name: (values.name ?? role).slice(0, 191),
      role,
      expiresAt: days === null ? null : new Date(Date.now() + days * DAY_MS),
    }
  } catch (error) {
    throw error instanceof SettingsError ? error : new SettingsError(TOKEN_USAGE)
  }
}
