/** Ids of new rows. Time comes first (UUID version 7, RFC 9562 §5.7), so that what is written together lies together: a random id dirties a page of every index. */
import { randomUUID } from 'node:crypto'

/** @param now epoch ms */
export function newId(now: number): string {
  const time = Math.max(0, Math.trunc(now)).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`
}
