/**
 * What makes two failures the same: class, message without what varies, first stack frame of the user's own code. Pure.
 *
 * 1. `RetryExhaustedError` is the engine's wrapper: the group is that of its cause.
 * 2. In the message, ids, numbers, dates and quoted text become placeholders.
 * 3. A frame is a function and a file's name: neither a folder of one machine nor a line, which moves with every build, tells groups apart.
 */
import type { Failure } from '../model/instance'
import { hash } from '../model/match'

export interface Fingerprint {
  readonly fingerprint: string
  readonly name: string
  readonly message: string
  /** e.g. `charge (payments.ts:12)`; null when the stack shows no frame of the user's. */
  readonly frame: string | null
}

const MESSAGE_LIMIT = 300
const REPLACEMENTS: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>'],
  [/\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?/g, '<time>'],
  [/"[^"\n]{0,200}"|'[^'\n]{0,200}'|`[^`\n]{0,200}`/g, '<text>'],
  // a word of eight or more characters with a digit in it reads like an id
  [/\b(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{8,64}\b/g, '<id>'],
  [/\d+(?:\.\d+)?/g, '<n>'],
]

export function fingerprintOf(failure: Failure): Fingerprint {
  const root = failure.name === 'RetryExhaustedError' && failure.cause ? failure.cause : failure
  const message = normalise(root.message)
  const frame = ownFrame(root.stack)
  const place = frame?.replace(/:\d+\)$/, ')') ?? ''
  return { fingerprint: hash(`${root.name}\u0001${message}\u0001${place}`), name: root.name, message, frame }
}

function normalise(message: string): string {
  const line = (message.split('\n', 1)[0] ?? '').slice(0, MESSAGE_LIMIT)
  return REPLACEMENTS.reduce((text, [pattern, placeholder]) => text.replace(pattern, placeholder), line)
}

function ownFrame(stack: string | undefined): string | null {
  for (const line of stack?.split('\n') ?? []) {
    const match = /^\s*at (?:async )?(?:(.{1,200}?) \()?(.{1,500}?):(\d+):\d+\)?$/.exec(line)
    const [, name, file, lineNumber] = match ?? []
    if (file === undefined || isForeign(file)) continue
    return `${name ?? '<anonymous>'} (${file.split(/[\\/]/).at(-1)}:${lineNumber})`
  }
  return null
}

function isForeign(file: string): boolean {
  return (
    file.startsWith('node:') || /[\\/]node_modules[\\/]|[\\/]packages[\\/]engine[\\/]/.test(file) || !/[\\/]/.test(file)
  )
}
