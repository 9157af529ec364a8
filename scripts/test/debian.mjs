// Debian packages, where we may install them: as root, on a system with apt.
import { existsSync } from 'node:fs'
import { run, step } from '../lib/command.mjs'

export const canInstall = () => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')

/** @param {string} name */
export async function installPackage(name) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await step(`Installing the Debian package ${name}`, async () => {
    await run('apt-get', ['update', '-qq'], { env })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env })
  })
}
