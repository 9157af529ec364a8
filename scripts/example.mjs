// Runs one file of examples/: `npm run example -- crash`. Arguments after the name go to it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'

const [name, ...rest] = process.argv.slice(2)
const file = `examples/${name}.ts`
if (!name || !existsSync(file)) {
  const known = readdirSync('examples')
    .filter((entry) => entry.endsWith('.ts'))
    .map((entry) => entry.slice(0, -3))
  console.error(`Which example? npm run example -- ${known.join(' | ')}`)
  process.exit(2)
}
mkdirSync('data', { recursive: true })
const { status, signal } = spawnSync(process.execPath, ['--conditions=source', '--import', 'tsx', file, ...rest], {
  stdio: 'inherit',
})
if (signal) console.error(signal === 'SIGKILL' ? 'Killed' : signal)
process.exit(status ?? 137)
