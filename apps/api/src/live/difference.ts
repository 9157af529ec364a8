/** What may differ between two looks at the database, in words that views understand. */
import type { Marks } from '../engine'

export const TOPICS = ['instances', 'channels', 'outbox', 'events', 'audit', 'workers', 'bulk'] as const
export type Topic = (typeof TOPICS)[number]

export interface Difference {
  readonly topics: Set<Topic>
  readonly instanceIds: Set<string>
}
const OUTBOX = ['outboxSeq', 'outboxDue', 'outboxPublished'] as const

/** A watched instance that is there no more counts as changed. */
export function* differences(before: Marks, after: Marks, watched: ReadonlySet<string>): Generator<[Topic, string?]> {
  const marks = new Map(after.instances.map((mark) => [mark.id, mark]))
  for (const old of before.instances) {
    const mark = marks.get(old.id)
    const same =
      mark &&
      old.nextSeq === mark.nextSeq &&
      old.epoch === mark.epoch &&
      old.status === mark.status &&
      old.updatedAt === mark.updatedAt
    if (!same && watched.has(old.id)) yield ['instances', old.id]
  }
  if (before.newestStart !== after.newestStart || before.newestEnd !== after.newestEnd) yield ['instances']
  if (before.newestMessage !== after.newestMessage) yield ['channels']
  if (OUTBOX.some((mark) => before[mark] !== after[mark])) yield ['outbox']
  if (before.inboxSeq !== after.inboxSeq) yield ['events']
  if (before.auditId !== after.auditId) yield ['audit']
}
