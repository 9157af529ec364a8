/**
 * `npm run bench`: everything that runs with what is here, one after the other, each in a process of its own. Names pick some of it:
 * `npm run bench -- sqlite waiting`. What follows `--` goes to the one that is named: `npm run bench -- waiting -- postgresql 100000`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const folder = import.meta.dirname
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
const [names, rest] = split(process.argv.slice(2))
const unknown = names.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`No benchmark ${unknown.join(', ')}. There are: ${known.join(', ')}\n`)
  process.exit(2)
}
// What users install is measured: the built engine, not its source.
const isBuilt = existsSync(path.join(folder, '../packages/engine/dist/index.mjs'))
if (!isBuilt)
  process.stdout.write('The engine is not built (npm run build): measuring its source through tsx, which is slower.\n')
const conditions = isBuilt ? [] : ['--conditions=source']
// For all contenders alike, as docs/scaling.md advises whoever runs thousands of instances at once.
const memory = ['--max-semi-space-size=64', '--expose-gc']
let failed = 0
for (const name of names.length > 0 ? names : known) {
  process.stdout.write(`\n— ${name}\n`)
  const { status } = spawnSync(
    process.execPath,
    [...memory, ...conditions, '--import', 'tsx', path.join(folder, `${name}.bench.ts`), ...rest],
    { stdio: 'inherit' },
  )
  if (status !== 0) {
    failed++
    process.stdout.write(`${name} did not finish: exit ${status ?? 'by a signal'}\n`)
  }
}
process.exit(failed > 0 ? 1 : 0)

function split(args: readonly string[]): [readonly string[], readonly string[]] {
  const at = args.indexOf('--')
  return at < 0 ? [args, []] : [args.slice(0, at), args.slice(at + 1)]
}
