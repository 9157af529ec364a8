// A PostgreSQL of our own for one test run: fresh folder, own port, loopback only, gone afterwards.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { run } from '../lib/command.mjs'
import { serveUntilStopped } from './own-server.mjs'

export const debianPackage = 'postgresql'

export function findBinaries() {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : []
  const debian = versions.map((version) => path.join(base, version, 'bin'))
  return [...debian, '/usr/local/bin', '/opt/homebrew/bin', '/usr/bin'].find((dir) =>
    existsSync(path.join(dir, 'initdb')),
  )
}

/** @param {string} binaries */
export function start(binaries) {
  return serveUntilStopped({
    // PostgreSQL refuses to run as root
    user: 'postgres',
    prepare: (folder, as) =>
      run(
        path.join(binaries, 'initdb'),
        ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'],
        as,
      ),
    command: (folder, port) => [
      path.join(binaries, 'postgres'),
      ...['-D', folder, '-p', String(port)],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200'],
      // what is promised is to survive killed processes, not a power cut during a test
      ...['-c', 'fsync=off'],
    ],
    url: (port) => `postgresql://postgres@127.0.0.1:${port}/postgres`,
    testUrl: (port) => `postgresql://postgres@127.0.0.1:${port}/test`,
  })
}
