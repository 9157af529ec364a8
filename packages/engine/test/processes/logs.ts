/**
 * What the world saw, written beside the database: one JSON line per effect or client call, appended in a single write (O_APPEND, below 4 KiB), so that
 * lines of many processes never mix and a kill loses whole lines only. Times are of CLOCK_MONOTONIC, one clock for all processes of a host, in ms.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'

/** What an activity or a compensation did. */
export interface Effect {
  readonly t: number
  readonly pid: number
  readonly worker: string
  readonly instance: string
  readonly activityId: string
  readonly name: string
  readonly attempt: number
  readonly idempotencyKey: string
  readonly epoch: number
  readonly kind: 'begin' | 'end' | 'throw'
  /** Of the result (`end`) or the error's text (`throw`). */
  readonly hash: string
}

/** One side of a call; an `ask` without its `answer` has an unknown outcome. */
export interface CallLine {
  readonly t: number
  readonly pid: number
  readonly call: string
  readonly phase: 'ask' | 'answer'
  readonly op: 'start' | 'cancel' | 'publish' | 'result' | 'operate'
  /** Instance, or channel for `publish`. */
  readonly target: string
  /** The request's own identity: message id of a publish, request id of an operator's act. */
  readonly key?: string
  readonly outcome?: 'ok' | 'fail'
  readonly answer?: string
}

/** A call with what is known of its outcome. */
export interface Call {
  readonly op: CallLine['op']
  readonly target: string
  readonly key: string | undefined
  readonly outcome: 'ok' | 'fail' | 'unknown'
  readonly answer: string | undefined
  readonly askedAt: number
}

export interface LogFile<Line> {
  append(line: Line): void
  close(): void
}

const LONGEST_LINE = 4_096

export function openLog<Line>(path: string): LogFile<Line> {
  const file = openSync(path, 'a')
  return {
    append(line) {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
      if (bytes.length > LONGEST_LINE) throw new RangeError(`A line of ${bytes.length} bytes could be torn`)
      writeSync(file, bytes)
    },
    close: () => closeSync(file),
  }
}

/** Reads a log that grows, each line once. A file that is not there yet is empty. */
export class LogReader<Line extends { readonly t: number }> {
  readonly #path: string
  #file: number | undefined
  #position = 0
  #rest = Buffer.alloc(0)
  #lines: Line[] = []

  constructor(path: string) {
    this.#path = path
  }

  /** Whole lines so far, in order of time. */
  lines(): Line[] {
    const fresh = this.#read()
    if (fresh.length > 0) this.#lines = [...this.#lines, ...fresh].sort((a, b) => a.t - b.t)
    return this.#lines
  }

  #read(): Line[] {
    this.#file ??= openIfThere(this.#path)
    if (this.#file === undefined) return []
    const chunk = Buffer.alloc(1 << 20)
    for (;;) {
      const many = readSync(this.#file, chunk, 0, chunk.length, this.#position)
      if (many === 0) break
      this.#position += many
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, many)])
    }
    const end = this.#rest.lastIndexOf('\n') + 1
    const text = this.#rest.subarray(0, end).toString()
    this.#rest = this.#rest.subarray(end)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}

/** The whole log as it is now. */
export function readLog<Line extends { readonly t: number }>(path: string): Line[] {
  const reader = new LogReader<Line>(path)
  try {
    return reader.lines()
  } finally {
    reader.close()
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function callsOf(lines: readonly CallLine[]): Call[] {
  const answers = new Map(lines.filter((line) => line.phase === 'answer').map((line) => [line.call, line]))
  return lines
    .filter((line) => line.phase === 'ask')
    .map((ask) => {
      const answer = answers.get(ask.call)
      return {
        op: ask.op,
        target: ask.target,
        key: ask.key,
        outcome: answer?.outcome ?? 'unknown',
        answer: answer?.answer,
        askedAt: ask.t,
      }
    })
}

/** ms of CLOCK_MONOTONIC. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Of a value as history keeps it. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex')
    .slice(0, 16)
}
