// Long-running children that live and die together: output with a name in front, readiness by HTTP, one signal stops all,
// and the end of one is the end of the others.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { quietEnv, root } from './command.mjs'

const GRACE_MS = 35_000
const READY_TIMEOUT_MS = 90_000

/** @typedef {{ name: string, script: string, env: NodeJS.ProcessEnv, readyUrl: string }} ServiceSpec */

export class Services {
  /** @type {{ name: string, child: import('node:child_process').ChildProcess, ended: Promise<string> }[]} */
  #running = []
  #stopping = false

  /** @param {(problem: string) => void} onCrash called once, when a service ends that nobody stopped */
  constructor(onCrash) {
    this.onCrash = onCrash
  }

  /** Starts one and waits until it answers. @param {ServiceSpec} spec */
  async start({ name, script, env, readyUrl }) {
    const child = spawn(process.execPath, [script], {
      cwd: root,
      env: { ...process.env, ...quietEnv, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // a group of its own: Ctrl-C reaches it once, through us, and not a second time from the terminal
      detached: process.platform !== 'win32',
    })
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => console.log(`${name.padEnd(9)} │ ${line}`))
    }
    const ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
    })
    this.#running.push({ name, child, ended })
    void ended.then((how) => this.#ended(name, how))
    await this.#untilReady(name, readyUrl, ended)
  }

  async #untilReady(name, url, ended) {
    let over = ''
    void ended.then((how) => {
      over = how
    })
    const deadline = performance.now() + READY_TIMEOUT_MS
    let last = 'no answer'
    while (performance.now() < deadline) {
      if (over) throw new Error(`${name} ended with ${over} before it was ready`)
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
        if (response.ok) return
        last = `status ${response.status}`
      } catch {
        // not listening yet
      }
      await sleep(100)
    }
    throw new Error(`${name} is not ready after ${READY_TIMEOUT_MS / 1000} s (${url}: ${last})`)
  }

  #ended(name, how) {
    this.#running = this.#running.filter((service) => service.name !== name)
    if (this.#stopping) return
    this.onCrash(`${name} ended with ${how}`)
  }

  /** Asks all to stop, waits, and ends those that do not. @param {NodeJS.Signals} signal */
  async stop(signal) {
    this.#stopping = true
    const all = this.#running.map(({ ended }) => ended)
    this.#signal(signal)
    const timer = sleep(GRACE_MS, 'late', { ref: false })
    if ((await Promise.race([Promise.all(all), timer])) !== 'late') return
    console.log(`Not stopped within ${GRACE_MS / 1000} s: killing`)
    this.kill()
  }

  kill() {
    this.#stopping = true
    this.#signal('SIGKILL')
  }

  #signal(signal) {
    for (const { child } of this.#running) {
      try {
        if (process.platform === 'win32') child.kill(signal)
        else process.kill(-child.pid, signal)
      } catch {
        // ended meanwhile
      }
    }
  }
}
