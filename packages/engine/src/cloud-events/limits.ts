/**
 * How much one HTTP message may hold. A limit is a promise to the process (bounded memory and stack), so every one is checked before anything
 * recursive looks at the value: `JSON.parse` accepts 200,000 levels, `JSON.stringify` then overflows the stack.
 *
 * 1. Exceeding a limit is 413, whichever limit it is; one value below it is accepted.
 * 2. The walk uses its own stack and stops at the first breach.
 * 3. `__proto__` and `constructor.prototype` never pass: user code that copies such data would change prototypes.
 */
import { CloudEventError } from './errors'

export interface CloudEventLimits {
  /** Bytes of the request body. Default 1,048,576; CloudEvents asks for at least 65,536. */
  readonly maxBodyBytes: number
  /** Levels of objects and arrays in one event's data; a number has 0, `{}` has 1. Default 64. */
  readonly maxDepth: number
  /** Object members in the whole body, envelopes included. Default 10,000. */
  readonly maxKeys: number
  /** Events in one batch. Default 100. */
  readonly maxBatch: number
  /** UTF-16 units of one attribute value. Default 8,192. */
  readonly maxAttributeLength: number
  /** Of `id`, `source` and `type`: what every supported database can index. Defaults 250, 500 and 255. */
  readonly maxIdLength: number
  readonly maxSourceLength: number
  readonly maxTypeLength: number
}

export const DEFAULT_LIMITS: CloudEventLimits = Object.freeze({
  maxBodyBytes: 1_048_576,
  maxDepth: 64,
  maxKeys: 10_000,
  maxBatch: 100,
  maxAttributeLength: 8_192,
  maxIdLength: 250,
  maxSourceLength: 500,
  maxTypeLength: 255,
})

/**
 * Checks a parsed JSON document against depth, number of keys and forbidden keys.
 *
 * @param document what `JSON.parse` returned
 * @param envelopeLevels levels around the data that do not count: 0 in binary mode, 1 in structured mode, 2 in a batch
 * @throws CloudEventError 413 for a limit, 400 for a forbidden key
 */
export function checkJson(document: unknown, limits: CloudEventLimits, envelopeLevels: 0 | 1 | 2): void {
  const pending: Array<{ value: object; depth: number }> = []
  const push = (value: unknown, depth: number) => {
    if (value === null || typeof value !== 'object') return
    if (depth > limits.maxDepth + envelopeLevels) {
      throw new CloudEventError('TooLarge', `the data is nested deeper than ${limits.maxDepth} levels`)
    }
    pending.push({ value, depth })
  }
  push(document, 1)
  let keys = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next
    if (Array.isArray(value)) {
      for (const item of value) push(item, depth + 1)
      continue
    }
    for (const [key, member] of Object.entries(value)) {
      if (++keys > limits.maxKeys) {
        throw new CloudEventError('TooLarge', `the body has more than ${limits.maxKeys} object members`)
      }
      refuseForbiddenKey(key, member)
      push(member, depth + 1)
    }
  }
}

function refuseForbiddenKey(key: string, member: unknown): void {
  const reachesPrototype =
    key === 'constructor' && member !== null && typeof member === 'object' && Object.hasOwn(member, 'prototype')
  if (key === '__proto__' || reachesPrototype) {
    const path = reachesPrototype ? 'constructor.prototype' : key
    throw new CloudEventError('InvalidData', `the key "${path}" is refused: it could change prototypes`)
  }
}
