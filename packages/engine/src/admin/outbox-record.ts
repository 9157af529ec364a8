import type { JsonValue } from '../model/json'
import type { OutboxStatus } from '../storage/rows'

export interface OutboxRecord {
  readonly seq: number
  readonly id: string
  readonly type: string
  readonly source: string
  readonly subject: string | null
  readonly contentType: string
  readonly data: JsonValue
  readonly binary: string | null
  readonly extensions: Readonly<Record<string, JsonValue | undefined>>
  readonly partitionKey: string | null
  readonly instanceId: string | null
  readonly status: OutboxStatus
  readonly attempts: number
  readonly nextAttemptAt: Date | null
  readonly lastError: string | null
  readonly createdAt: Date
  readonly publishedAt: Date | null
}
