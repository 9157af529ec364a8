// A MariaDB of our own for one test run: fresh folder, own port, loopback only, gone afterwards.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { run } from '../lib/command.mjs'
import { serveUntilStopped } from './own-server.mjs'

export const debianPackage = 'mariadb-server'

const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
const find = (name) => FOLDERS.map((folder) => path.join(folder, name)).find((file) => existsSync(file))

export function findBinaries() {
  const server = find('mariadbd')
  const installer = find('mariadb-install-db')
  return server && installer ? { server, installer } : undefined
}

/** @param {{ server: string, installer: string }} binaries */
export function start({ server, installer }) {
  return serveUntilStopped({
    user: 'mysql',
    prepare: (folder, as) =>
      run(
        installer,
        ['--no-defaults', `--datadir=${folder}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
        as,
      ),
    command: (folder, port) => [
      server,
      ...['--no-defaults', `--datadir=${folder}`, '--bind-address=127.0.0.1', `--port=${port}`],
      ...[`--socket=${folder}/own.sock`, `--pid-file=${folder}/own.pid`, '--max-connections=200'],
      '--innodb-flush-log-at-trx-commit=2',
    ],
    url: (port) => `mysql://root@127.0.0.1:${port}/mysql`,
    testUrl: (port) => `mysql://root@127.0.0.1:${port}/test`,
  })
}
