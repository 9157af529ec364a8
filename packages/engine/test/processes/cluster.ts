/**
 * Worker processes over one database, as a test sees them: started, ordered about, killed, stopped, waited for. Only processes started here are ever
 * signalled. Waiting goes by progress: it fails when nothing has moved for a long time, never because a machine was slow.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type CallLine, callsOf, type Effect, LogReader, readLog } from './logs'
import { DEFAULTS, type Order, type Report, type Request, type WorkerSettings } from './messages'

const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url))
const LOOK_MS = 20
/** Nothing has moved for so long: it hangs. */
const PATIENCE_MS = 180_000

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface SpawnOptions extends Partial<Omit<WorkerSettings, 'dbUrl' | 'folder'>> {
  /** Another way to the same database. */
  readonly dbUrl?: string
  /** Modules that are loaded before the program. */
  readonly preload?: readonly string[]
}

export class Cluster {
  readonly dbUrl: string
  readonly folder: string
  readonly #defaults: SpawnOptions
  readonly #running = new Set<WorkerProcess>()
  readonly #all: WorkerProcess[] = []
  readonly #effects: LogReader<Effect>
  #count = 0

  constructor(dbUrl: string, folder: string, defaults: SpawnOptions = {}) {
    this.dbUrl = dbUrl
    this.folder = folder
    this.#effects = new LogReader(path.join(folder, 'effects.log'))
    this.#defaults = defaults
  }

  /** Starts one; resolves when it is ready. */
  async worker(options: SpawnOptions = {}): Promise<WorkerProcess> {
    const worker = this.spawn(options)
    await worker.ready
    return worker
  }

  /** Starts one without waiting for it. */
  spawn(options: SpawnOptions = {}): WorkerProcess {
    const { preload = [], ...given } = { ...this.#defaults, ...options }
    const name = given.name ?? `w${++this.#count}`
    const settings: WorkerSettings = { ...DEFAULTS, dbUrl: this.dbUrl, folder: this.folder, ...given, name }
    const worker = new WorkerProcess(settings, preload)
    this.#running.add(worker)
    this.#all.push(worker)
    void worker.exited.then(() => this.#running.delete(worker))
    return worker
  }

  get running(): readonly WorkerProcess[] {
    return [...this.#running]
  }

  effects(): Effect[] {
    return this.#effects.lines()
  }

  calls(): ReturnType<typeof callsOf> {
    return callsOf(readLog<CallLine>(path.join(this.folder, 'calls.log')))
  }

  /** Waits until there have been so many such effects, however long ago: whoever asks late finds them as well. */
  async untilEffects(isIt: (effect: Effect) => boolean, many: number, what: string): Promise<void> {
    await this.until(() => this.effects().filter(isIt).length >= many, what)
  }

  /** Waits for the end of a process that kills itself. */
  async untilDead(worker: WorkerProcess): Promise<Exit> {
    await this.until(() => worker.isGone, `${worker.settings.name} to die`)
    return await worker.exited
  }

  /** Waits until `look` finds something; gives up when the effect log has stood still for long. */
  async until<Found>(
    look: () => Found | false | undefined | Promise<Found | false | undefined>,
    what: string,
  ): Promise<Found> {
    let size = -1
    let movedAt = performance.now()
    for (;;) {
      this.#expectNoneFell()
      const found = await look()
      if (found !== undefined && found !== false) return found
      const now = this.effects().length
      if (now !== size) movedAt = performance.now()
      else if (performance.now() - movedAt > PATIENCE_MS)
        throw new Error(`Nothing moves any more, waiting for ${what}\n${this.#said()}`)
      size = now
      await sleep(LOOK_MS)
    }
  }

  /** A process that ended by itself, and not well, is what there is to tell. */
  #expectNoneFell(): void {
    for (const worker of this.#all)
      if (worker.isFallen) throw new Error(`${worker.settings.name} ended by itself\n${worker.errors}`)
  }

  /** Ends what still runs. */
  async close(): Promise<void> {
    const left = this.running
    for (const worker of left) {
      worker.signal('SIGCONT')
      worker.signal('SIGKILL')
    }
    await Promise.all(left.map((worker) => worker.exited))
    this.#effects.close()
  }

  #said(): string {
    return this.running.map((worker) => `${worker.settings.name}: ${worker.errors.slice(-2_000)}`).join('\n')
  }
}

export class WorkerProcess {
  readonly settings: WorkerSettings
  readonly ready: Promise<{ readonly workerId: string }>
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #number = 0
  #errors = ''
  #workerId = ''

  constructor(settings: WorkerSettings, preload: readonly string[]) {
    this.settings = settings
    const imports = ['tsx', ...preload].flatMap((module) => ['--import', module])
    this.#child = spawn(process.execPath, ['--conditions=source', ...imports, PROGRAM, JSON.stringify(settings)], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString()
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    this.ready = new Promise((resolve, reject) => {
      this.#child.on('message', (report: Report) => {
        if (report.type === 'ready') {
          this.#workerId = report.workerId
          resolve({ workerId: report.workerId })
        } else if (report.type === 'failed') {
          this.#errors += report.error
          reject(new Error(report.error))
        } else this.#answered(report)
      })
      void this.exited.then(({ code, signal }) => {
        const gone = new Error(`${settings.name} ended with ${signal ?? code}\n${this.#errors}`)
        reject(gone)
        for (const { reject: refuse } of this.#asked.values()) refuse(gone)
      })
    })
    // whoever awaits it hears of it
    this.ready.catch(() => undefined)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }
  get workerId(): string {
    return this.#workerId
  }
  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
  get isFallen(): boolean {
    return this.#child.exitCode !== null && this.#child.exitCode !== 0
  }
  /** What it wrote to stderr. */
  get errors(): string {
    return this.#errors
  }

  /** @throws Error when it refuses, or ends before it answers */
  ask(order: Order): Promise<unknown> {
    const number = ++this.#number
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#asked.set(number, { resolve, reject })
    })
    const request: Request = { number, order }
    this.#child.send(request, () => undefined)
    // one that is killed on purpose answers nobody
    answer.catch(() => undefined)
    return answer
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.signal(signal)
    return await this.exited
  }

  #answered(report: Extract<Report, { number: number }>): void {
    const asked = this.#asked.get(report.number)
    this.#asked.delete(report.number)
    if (report.type === 'done') asked?.resolve(report.value)
    else asked?.reject(new Error(report.error))
  }
}
