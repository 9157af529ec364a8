/** `npx edda …`: what is done to a database beside the application. Words in, words and an exit code out; no process, no globals. */
import { parseArgs } from 'node:util'
import { EddaError } from '../model/errors'
import { withMigrations } from '../storage-for-url'

export interface CliSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

const USAGE = `usage: edda migrate [--db-url URL] [--check | --print] [--json]

Brings a database to the schema of this version. Run it as a user that may change the schema; the application
itself then needs no such right (with autoMigrate: false it only checks).

  --db-url URL   file:./edda.db, postgresql://user:password@host/database or mysql://…; default: $EDDA_DB_URL
  --check        changes nothing: exit 0 when nothing is missing, 3 when something is
  --print        changes nothing: writes the SQL of what is missing, to be read or applied by hand
  --json         the answer as one line of JSON

exit codes: 0 done · 1 failed, with the reason · 2 wrong call · 3 --check found something missing
`
const [DONE, FAILED, WRONG_CALL, MISSING] = [0, 1, 2, 3]

const OPTIONS = {
  'db-url': { type: 'string' },
  check: { type: 'boolean' },
  print: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @returns the exit code */
export async function runCli(args: readonly string[], { env, out, error }: CliSurroundings): Promise<number> {
  const call = read(args)
  if ('wrong' in call) {
    error(`${call.wrong}\n\n${USAGE}`)
    return WRONG_CALL
  }
  if (call.help) {
    out(USAGE)
    return DONE
  }
  const dbUrl = call['db-url'] ?? env.EDDA_DB_URL
  if (!dbUrl) {
    error(`Which database? Give --db-url or set EDDA_DB_URL.\n\n${USAGE}`)
    return WRONG_CALL
  }
  try {
    return await migrate(dbUrl, call, out)
  } catch (failure) {
    // what the person at the terminal can mend is told in words; anything else with its stack
    const isKnown = failure instanceof EddaError
    const message = isKnown ? failure.message : String((failure instanceof Error && failure.stack) || failure)
    if (call.json) out(`${JSON.stringify({ error: { code: isKnown ? failure.code : 'INTERNAL', message } })}\n`)
    else error(`${message}\n`)
    return FAILED
  }
}

interface Call {
  readonly 'db-url'?: string
  readonly check?: boolean
  readonly print?: boolean
  readonly json?: boolean
  readonly help?: boolean
}

function read(args: readonly string[]): Call | { readonly wrong: string } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
    const [command, ...more] = positionals
    if (values.help || (command === undefined && args.length === 0)) return { help: true }
    if (command !== 'migrate') return { wrong: command ? `There is no command '${command}'` : 'Which command?' }
    if (more.length > 0) return { wrong: `Too much: '${more.join(' ')}'` }
    if (values.check && values.print) return { wrong: '--check and --print are two calls' }
    return values
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) }
  }
}

async function migrate(dbUrl: string, { check, print, json }: Call, out: (text: string) => void): Promise<number> {
  const { where, applied, pending, script } = await withMigrations(dbUrl, check || print ? 'look' : 'apply')
  if (print) out(json ? `${JSON.stringify({ database: where, pending, script })}\n` : script)
  else if (json) out(`${JSON.stringify({ database: where, applied, pending })}\n`)
  else if (applied.length > 0) out(`${where}: applied ${applied.join(', ')}\n`)
  else if (pending.length > 0) out(`${where} lacks ${pending.join(', ')}\n`)
  else out(`${where}: nothing is missing\n`)
  return check && pending.length > 0 ? MISSING : DONE
}
