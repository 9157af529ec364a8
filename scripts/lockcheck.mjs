// A registry may serve a package without its siblings for other platforms; npm then writes a lock file that lacks them,
// and `npm ci` fails on every other machine. So: each optional dependency of each entry must itself be in the lock,
// and no entry may name a host (the lock has to install from any registry).
import { readFileSync } from 'node:fs'

const file = process.argv[2] ?? new URL('../package-lock.json', import.meta.url)
const entries = JSON.parse(readFileSync(file, 'utf8')).packages

/** Does `name` resolve from the package at `location`, looking upwards as Node does? */
function resolves(location, name) {
  for (let folder = location; ; ) {
    if (entries[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true
    if (!folder) return false
    const parent = folder.lastIndexOf('node_modules/')
    folder = parent > 0 ? folder.slice(0, parent - 1) : ''
  }
}

const problems = []
for (const [location, entry] of Object.entries(entries)) {
  const missing = Object.keys(entry.optionalDependencies ?? {}).filter((name) => !resolves(location, name))
  if (missing.length > 0) problems.push(`${location}@${entry.version} lacks ${missing.join(', ')}`)
  if (entry.resolved?.startsWith('http')) problems.push(`${location} names a registry address`)
}

if (problems.length > 0) {
  console.error(`package-lock.json is not portable:\n  ${problems.join('\n  ')}`)
  process.exit(1)
}
console.log(`package-lock.json: ${Object.keys(entries).length} entries, complete for every platform`)
