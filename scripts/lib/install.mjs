// Dependencies exactly as the lock file says. Compared are the two lock files themselves, package-lock.json and the one npm
// leaves in node_modules: no timestamps, which a git checkout changes, and no marker, which `npm install` would not update.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root, runNpm, step } from './command.mjs'

export async function installDependencies() {
  const reason = whyInstall()
  if (!reason) return
  await step(`Installing dependencies (${reason}; about a minute)`, () =>
    runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']),
  )
}

function whyInstall() {
  const installedFile = path.join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installedFile)) return 'first start'
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
  const differs = Object.entries(wanted).some(([location, entry]) => {
    // other platforms' packages are optional and rightly absent; workspaces and links hold no version of their own
    if (!location.includes('node_modules/') || entry.link || entry.optional || entry.devOptional) return false
    return installed[location]?.version !== entry.version
  })
  return differs ? 'the lock file has changed' : undefined
}
