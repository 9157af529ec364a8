/**
 * A read that a hundred dashboards ask for at the same moment is done once, and an expensive one (counting a million rows) takes no more than its share:
 * the next one waits until a tenth of the time was spent on it, and whoever asks meanwhile gets that one. Nobody gets a state from before the change
 * that made it ask, since an answer serves others for less than the window in which changes are told.
 */
export type SharedRead<Key, Value> = (key: Key) => Promise<Value>

interface Answer<Value> {
  readonly startedAt: number
  readonly value: Promise<Value>
  costMs: number
  next: Promise<Value> | null
}
export interface SharedReadOptions {
  /** How long an answer serves others. */
  readonly keptMs?: number
  readonly now?: () => number
  readonly sleep?: (ms: number) => Promise<void>
}

const MOST_KEYS = 100
const SHARE = 10
/** Nobody waits longer for its turn, whatever the read costs. */
const LONGEST_WAIT_MS = 700

export function sharedRead<Key, Value>(
  read: (key: Key) => Promise<Value>,
  options: SharedReadOptions = {},
): SharedRead<Key, Value> {
  const { keptMs = 200, now = () => performance.now(), sleep = pause } = options
  const answers = new Map<string, Answer<Value>>()

  const begin = (text: string, key: Key): Promise<Value> => {
    if (answers.size >= MOST_KEYS) answers.clear()
    const startedAt = now()
    const answer: Answer<Value> = { startedAt, value: read(key), costMs: 0, next: null }
    answers.set(text, answer)
    answer.value.then(
      () => {
        answer.costMs = now() - startedAt
      },
      () => answers.delete(text),
    )
    return answer.value
  }

  return (key) => {
    const text = JSON.stringify(key) ?? ''
    const known = answers.get(text)
    if (!known) return begin(text, key)
    const age = now() - known.startedAt
    if (age < keptMs) return known.value
    const wait = Math.min(known.costMs * SHARE, LONGEST_WAIT_MS) - age
    if (wait <= 0) return begin(text, key)
    known.next ??= sleep(wait).then(() => begin(text, key))
    return known.next
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
