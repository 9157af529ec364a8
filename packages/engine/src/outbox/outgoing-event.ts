/**
 * A stored outbox row as the CloudEvent that is sent. Pure, so every attempt by every relay makes the same event (O2): `time` is when the row
 * was written, the id is the row's.
 */
import { type LengthLimits, listAttributes } from '../cloud-events/attributes'
import { type AttributeValue, type CloudEvent, dataKind } from '../cloud-events/cloud-event'
import { CloudEventError, quote } from '../cloud-events/errors'
import { requireText } from '../cloud-events/structured'
import { decodeJson } from '../model/json'

/** The part of a row that travels. */
export interface OutgoingRow {
  readonly id: string
  readonly type: string
  readonly source: string
  /** JSON text, or `null` when `binary` holds the payload. */
  readonly data: string | null
  readonly binary: Uint8Array | null
  readonly contentType: string
  readonly subject: string | null
  /** JSON text of an object of attribute values, or `null`. */
  readonly extensions: string | null
  /** Travels as the documented extension `partitionkey`. */
  readonly partitionKey: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** What {@link checkOutgoing} has passed can be encoded; of a row that came otherwise, encoding it says what is wrong, and that is a dead letter. */
export function outgoingEvent(row: OutgoingRow): CloudEvent {
  const data = row.binary ?? (row.data === null ? undefined : decodeJson(row.data))
  return {
    specversion: '1.0',
    id: row.id,
    source: row.source,
    type: row.type,
    time: new Date(row.createdAt).toISOString(),
    ...(row.subject === null ? {} : { subject: row.subject }),
    datacontenttype: row.contentType,
    ...(data === undefined ? {} : { data }),
    extensions: {
      ...(row.extensions === null ? {} : (JSON.parse(row.extensions) as Record<string, AttributeValue>)),
      ...(row.partitionKey === null ? {} : { partitionkey: row.partitionKey }),
    },
  }
}

/** What the columns hold, and what a receiver that is an engine like this one takes. */
const STORED: LengthLimits = { maxIdLength: 191, maxTypeLength: 255, maxSourceLength: 512, maxAttributeLength: 8_192 }
const LONGEST_CONTENT_TYPE = 191
const LONGEST_PARTITION_KEY = 191

/**
 * Refuses at once what every relay would refuse, before anything is stored.
 *
 * @throws CloudEventError
 */
export function checkOutgoing(row: OutgoingRow): void {
  const { data, contentType, partitionKey } = row
  if (partitionKey !== null && typeof partitionKey !== 'string')
    throw new CloudEventError('InvalidAttribute', `the partition key must be a string, not ${quote(partitionKey)}`)
  checkLength('datacontenttype', contentType, LONGEST_CONTENT_TYPE)
  checkLength('partitionkey', partitionKey, LONGEST_PARTITION_KEY)
  listAttributes(outgoingEvent({ ...row, data: null, binary: null }), STORED)
  if (data !== null && dataKind({ data, datacontenttype: contentType }) === 'text')
    requireText({ data: decodeJson(data), datacontenttype: contentType })
}

function checkLength(name: string, value: string | null, longest: number): void {
  if (value !== null && value.length > longest)
    throw new CloudEventError('TooLarge', `attribute "${name}" is longer than ${longest} characters`)
}
