/**
 * A database server of the test's own, from the installed binaries, in a folder of its own: killed and started again at will. The data folder stays, as
 * after a crash of the machine's process. Durable: what was committed is there after SIGKILL.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase } from '../../src/storage/prisma/client'

interface Product {
  readonly name: 'PostgreSQL' | 'MariaDB'
  /** The account that runs it when we are root: it refuses to run as that. */
  readonly user: string
  init(folder: string): readonly string[]
  serve(folder: string, port: number): readonly string[]
  /** Of a database that exists from the start. */
  url(port: number): string
}

interface Account {
  readonly uid?: number
  readonly gid?: number
}

const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']

export function findPostgresql(): Product | undefined {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).map((version) => path.join(base, version, 'bin')) : []
  const folder = [...versions.reverse(), ...FOLDERS].find((bin) => existsSync(path.join(bin, 'initdb')))
  if (!folder) return undefined
  return {
    name: 'PostgreSQL',
    user: 'postgres',
    init: (data) => [
      path.join(folder, 'initdb'),
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
    ],
    serve: (data, port) => [
      path.join(folder, 'postgres'),
      ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    ],
    url: (port) => `postgresql://postgres@127.0.0.1:${port}/postgres`,
  }
}

export function findMariadb(): Product | undefined {
  const find = (name: string): string | undefined =>
    FOLDERS.map((folder) => path.join(folder, name)).find((file) => existsSync(file))
  const server = find('mariadbd')
  const installer = find('mariadb-install-db')
  if (!server || !installer) return undefined
  return {
    name: 'MariaDB',
    user: 'mysql',
    init: (data) => [installer, '--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
    serve: (data, port) => [
      server,
      ...['--no-defaults', `--datadir=${data}`, '--bind-address=127.0.0.1', `--port=${port}`],
      ...[`--socket=${data}/own.sock`, `--pid-file=${data}/own.pid`],
    ],
    url: (port) => `mysql://root@127.0.0.1:${port}/test`,
  }
}

export class PrivateServer {
  readonly url: string
  readonly #product: Product
  readonly #folder: string
  readonly #port: number
  readonly #account: Account
  #child: ChildProcess | undefined
  #log = ''

  private constructor(product: Product, folder: string, port: number, account: Account) {
    this.#product = product
    this.#folder = folder
    this.#port = port
    this.#account = account
    this.url = product.url(port)
  }

  static async create(product: Product): Promise<PrivateServer> {
    const account: Account = process.getuid?.() === 0 ? accountOf(product.user) : {}
    const folder = mkdtempSync(path.join(tmpdir(), 'edda-server-'))
    const data = path.join(folder, 'data')
    mkdirSync(data)
    if (account.uid !== undefined && account.gid !== undefined)
      for (const one of [folder, data]) chownSync(one, account.uid, account.gid)
    const [program = '', ...args] = product.init(data)
    execFileSync(program, args, { ...account, cwd: folder, stdio: 'ignore' })
    const server = new PrivateServer(product, folder, await freePort(), account)
    await server.start()
    return server
  }

  /** Resolves when it lets people in. */
  async start(): Promise<void> {
    const [program = '', ...args] = this.#product.serve(path.join(this.#folder, 'data'), this.#port)
    const child = spawn(program, args, { ...this.#account, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-4_000)
    })
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`${this.#product.name} did not start: ${this.#log}`)
      await sleep(50)
    }
  }

  /** Without a word to anybody, like a machine that loses a process. Its children go with it. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    this.#child = undefined
  }

  async close(): Promise<void> {
    const child = this.#child
    if (child) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      // fast shutdown of the one, the only one of the other
      child.kill(this.#product.name === 'PostgreSQL' ? 'SIGINT' : 'SIGTERM')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    const database = await createDatabase({ dbUrl: this.url, poolSize: 1, maxOverflow: 0, poolTimeout: 1 })
    try {
      await database.read.all('SELECT 1 AS one')
      return true
    } catch {
      return false
    } finally {
      await database.close()
    }
  }
}

function accountOf(user: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
