/**
 * Activities that block: a module's default export runs in a worker thread, so that lease renewal and other instances go on meanwhile.
 * One thread runs one call at a time; an aborted call ends its thread, since nothing else stops blocked code.
 */
import { Worker } from 'node:worker_threads'

interface Call {
  readonly input: unknown
  readonly attempt: number
  readonly signal: AbortSignal
}

/** Runs inside the thread; kept as text because a bundler must not rewrite or lose it. */
const HOST = `
const { parentPort, workerData } = require('node:worker_threads')
const loaded = import(workerData)
let controller
parentPort.on('message', async ({ input, attempt, abort }) => {
  if (abort) return controller?.abort()
  controller = new AbortController()
  try {
    const { default: run } = await loaded
    if (typeof run !== 'function') throw new TypeError('The thread module ' + workerData + ' must export default a function')
    parentPort.postMessage({ value: await run(input, { signal: controller.signal, attempt }) })
  } catch (error) {
    parentPort.postMessage({ error })
  }
})`

export class ThreadPool {
  readonly #idle = new Map<string, Worker[]>()
  readonly #all = new Set<Worker>()

  run(module: URL, call: Call): Promise<unknown> {
    const worker = this.#idle.get(module.href)?.pop() ?? this.#spawn(module)
    return new Promise((resolve, reject) => {
      const end = (isReusable: boolean): void => {
        worker.removeAllListeners()
        call.signal.removeEventListener('abort', onAbort)
        if (isReusable) this.#keep(module, worker)
        else this.#discard(worker)
      }
      const onAbort = (): void => {
        worker.postMessage({ abort: true })
        end(false)
        reject(call.signal.reason)
      }
      worker.once('message', (reply: { readonly value?: unknown; readonly error?: unknown }) => {
        end(true)
        if ('error' in reply) reject(reply.error)
        else resolve(reply.value)
      })
      worker.once('error', (error) => {
        end(false)
        reject(error)
      })
      worker.once('exit', (code) => {
        end(false)
        reject(new Error(`The thread of ${module.href} ended with code ${code}`))
      })
      call.signal.addEventListener('abort', onAbort)
      worker.ref()
      worker.postMessage({ input: call.input, attempt: call.attempt })
    })
  }

  async close(): Promise<void> {
    this.#idle.clear()
    await Promise.all([...this.#all].map((worker) => worker.terminate()))
    this.#all.clear()
  }

  #spawn(module: URL): Worker {
    const worker = new Worker(HOST, { eval: true, workerData: module.href })
    this.#all.add(worker)
    return worker
  }

  #keep(module: URL, worker: Worker): void {
    // An idle thread must not keep the process alive.
    worker.unref()
    const idle = this.#idle.get(module.href) ?? []
    idle.push(worker)
    this.#idle.set(module.href, idle)
  }

  #discard(worker: Worker): void {
    this.#all.delete(worker)
    void worker.terminate()
  }
}
