import { expect, test } from 'vitest'
import type { Log } from '../model/context'
import { markGiven } from '../replay/promises'
import { passOverWorkflowRejections, type RejectionSource } from './rejections'

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A process of which only its listeners are real. */
class Source implements RejectionSource {
  readonly listeners: ((reason: unknown) => void)[] = []
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>

  constructor(execArgv: readonly string[] = [], nodeOptions?: string) {
    this.execArgv = execArgv
    this.env = { NODE_OPTIONS: nodeOptions }
  }
  on(_event: 'unhandledRejection', listener: (reason: unknown) => void): void {
    this.listeners.push(listener)
  }
  off(_event: 'unhandledRejection', listener: (reason: unknown) => void): void {
    this.listeners.splice(this.listeners.indexOf(listener), 1)
  }
  listenerCount(): number {
    return this.listeners.length
  }
  reject(reason: unknown): void {
    for (const listener of [...this.listeners]) listener(reason)
  }
}

function given(error = new Error('declined')): Error {
  markGiven(error)
  return error
}

test.each([
  ['itself', given()],
  ['wrapped', new Error('could not pay', { cause: new Error('twice', { cause: given() }) })],
  ['gathered', new AggregateError([new Error('another'), given()])],
])('an error that workflow code was given is passed over: %s', (_how, reason) => {
  const source = new Source()
  passOverWorkflowRejections(SILENT, source)
  expect(() => source.reject(reason)).not.toThrow()
})

const circular = new Error('circular')
circular.cause = circular

test.each([[new Error('a defect')], [circular], ['a text'], [undefined], [null]])(
  'everything else ends the process as it would have: %s',
  (reason) => {
    const source = new Source()
    passOverWorkflowRejections(SILENT, source)
    let thrown: unknown = 'nothing'
    try {
      source.reject(reason)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBe(reason)
  },
)

test('with another listener it is that listener’s business', () => {
  const source = new Source()
  const heard: unknown[] = []
  source.on('unhandledRejection', (reason) => heard.push(reason))
  passOverWorkflowRejections(SILENT, source)
  source.reject('a defect')
  expect(heard).toEqual(['a defect'])
})

test.each([
  [['--unhandled-rejections=warn'], undefined],
  [[], '--max-old-space-size=200 --unhandled-rejections=none'],
])('where Node would only warn nothing is thrown: %j %s', (execArgv, nodeOptions) => {
  const source = new Source(execArgv, nodeOptions)
  passOverWorkflowRejections(SILENT, source)
  expect(() => source.reject(new Error('a defect'))).not.toThrow()
})

test('two apps share one listener, and the last one takes it away', () => {
  const source = new Source()
  const endFirst = passOverWorkflowRejections(SILENT, source)
  const endSecond = passOverWorkflowRejections(SILENT, source)
  const counts = [source.listenerCount()]
  endFirst()
  endFirst()
  counts.push(source.listenerCount())
  endSecond()
  counts.push(source.listenerCount())
  expect(counts).toEqual([1, 1, 0])
})
