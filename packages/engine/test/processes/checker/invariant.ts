/** What an invariant is, and how it is judged: a statement, a look at the evidence, and how often it was looked at. */
import type { Evidence } from './evidence'

export interface Verdict {
  readonly id: string
  readonly statement: string
  readonly checked: number
  /** Each with the ids that are needed to find it. */
  readonly violations: readonly string[]
  /** Why it could not be looked at, if so. */
  readonly unseen: string | undefined
}

export interface Judge {
  /** Counts one look; a false one is a violation. */
  expect(isSo: boolean, otherwise: () => string): void
  /** What it would need is not in the evidence. */
  cannot(why: string): void
}

export interface Invariant {
  readonly id: string
  readonly statement: string
  judge(evidence: Evidence, judge: Judge): void
}

export function invariant(id: string, statement: string, judge: Invariant['judge']): Invariant {
  return { id, statement, judge }
}

export function judged(invariant: Invariant, evidence: Evidence): Verdict {
  const violations: string[] = []
  let checked = 0
  let unseen: string | undefined
  invariant.judge(evidence, {
    expect(isSo, otherwise) {
      checked++
      if (!isSo) violations.push(otherwise())
    },
    cannot(why) {
      unseen = why
    },
  })
  const { id, statement } = invariant
  return { id, statement, checked, violations, unseen }
}

export function groupBy<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
