/**
 * One CloudEvent as the rows that it becomes: inbox row, message on the channel named after its type, starts of the workflows that handle it. Checks
 * everything first and stores nothing, so that what is refused has had no effect. Ids and time are given.
 *
 *  1. Its attributes travel in the message's metadata, under `cloudEvent`; `traceparent` and `tracestate` stand beside them and are tags of what it starts.
 *  2. The input of a handling workflow is the event's data, none is null, bytes are `{ "data_base64": … }` as in the CloudEvents JSON format.
 *  3. `eddainstanceid` names the only instance that may receive the message.
 */
import { createHash } from 'node:crypto'
import { readAttributes } from './cloud-events/attributes'
import { decodeBase64, encodeBase64 } from './cloud-events/body'
import type { AttributeValue, CloudEvent } from './cloud-events/cloud-event'
import { CloudEventError, quote } from './cloud-events/errors'
import { DEFAULT_LIMITS } from './cloud-events/limits'
import { encodeJsonEvent } from './cloud-events/structured'
import { generatedId } from './model/instance'
import { decodeJson, encodeJson, encodePayload, type JsonValue } from './model/json'
import { validate } from './model/schema'
import type { Definition, NewInstanceRequest } from './runtime/services'
import type { NewInstance, OutgoingMessage } from './storage/rows'
import type { Delivery } from './storage/units'

/**
 * An event as one hands it over: a {@link CloudEvent}, or an object of the CloudEvents JSON format, where extensions stand beside the attributes (the
 * public SDK's `CloudEvent` is one). `specversion` may be left out; nothing else is invented.
 */
export interface EventInput {
  readonly specversion?: string
  readonly id: string
  readonly source: string
  readonly type: string
  readonly time?: string | undefined
  readonly subject?: string | undefined
  readonly datacontenttype?: string | undefined
  readonly dataschema?: string | undefined
  /** JSON, or bytes. */
  readonly data?: unknown
  /** Bytes as base64, if there is no `data`. */
  readonly data_base64?: string | undefined
  readonly extensions?: Readonly<Record<string, AttributeValue>>
}

/** An event that passed, with its data in the form in which it is stored. */
export interface CheckedEvent {
  readonly event: CloudEvent
  /** JSON text, or null when `binary` holds the data. */
  readonly data: string | null
  readonly binary: Uint8Array | null
}

/** What the database's column holds: an instance's id is shorter, so one beyond it is nobody's. */
const LONGEST_ID = 191
const TARGET = 'eddainstanceid'
const TRACE = ['traceparent', 'tracestate'] as const

/**
 * @throws CloudEventError when it is not a valid event
 * @throws SerializationError when its data has no JSON form or is larger than `maxPayloadBytes`
 */
export function checkEvent(input: EventInput, maxPayloadBytes: number): CheckedEvent {
  if (typeof input !== 'object' || input === null)
    throw new CloudEventError('InvalidData', `an event must be an object, not ${quote(input)}`)
  const { data: given, data_base64: base64, extensions = {}, ...members } = input
  if (typeof extensions !== 'object' || extensions === null)
    throw new CloudEventError('InvalidData', `the extensions of an event must be an object, not ${quote(extensions)}`)
  const attributes = readAttributes(
    [...Object.entries({ specversion: '1.0', ...members }), ...Object.entries(extensions)],
    DEFAULT_LIMITS,
  )
  const data = given === undefined && base64 !== undefined ? bytesOf(base64) : given
  const stored = encodePayload(data, `data of event ${attributes.id}`, maxPayloadBytes)
  if (data === undefined) return { event: attributes, ...stored }
  return { event: { ...attributes, data: stored.binary ?? decodeJson(stored.data) }, ...stored }
}

function bytesOf(base64: string): Uint8Array {
  const bytes = decodeBase64(base64)
  if (bytes === null)
    throw new CloudEventError('InvalidData', `"data_base64" is not base64 (RFC 4648): ${quote(base64)}`)
  return bytes
}

export interface DeliveryFacts {
  readonly now: number
  newId(): string
  newInstance(request: NewInstanceRequest): NewInstance
}

/**
 * @param definitions the workflows that handle this event
 * @param handlers how many handlers of this process take it
 * @throws ValidationError when the input schema of one of them refuses the data
 * @throws CloudEventError when the data does not fit the content type
 */
export async function deliveryOf(
  { event, data, binary }: CheckedEvent,
  definitions: readonly Definition[],
  handlers: number,
  facts: DeliveryFacts,
): Promise<Delivery> {
  const starts = await Promise.all(definitions.map((definition) => startOf(event, definition, facts)))
  const { source, id, type } = event
  const target = String(event.extensions[TARGET] ?? '')
  const message: OutgoingMessage = {
    id,
    channel: type,
    data,
    binary,
    metadata: JSON.stringify(metadataOf(event)),
    targetInstanceId: target === '' ? null : fitting(target),
    isEvent: true,
    publishedAt: facts.now,
  }
  const inbox = { source, id, type, receivedAt: facts.now, data: encodeJsonEvent(event) }
  return { inbox, messages: [message], starts, handlers }
}

function metadataOf(event: CloudEvent): object {
  const { specversion: _, data: __, ...attributes } = event
  return { cloudEvent: attributes, ...traceOf(event) }
}

function traceOf({ extensions }: CloudEvent): Readonly<Record<string, string>> {
  return Object.fromEntries(
    TRACE.flatMap((name) => {
      const value = extensions[name]
      return value === undefined || value === '' ? [] : [[name, String(value)]]
    }),
  )
}

async function startOf(event: CloudEvent, definition: Definition, facts: DeliveryFacts): Promise<NewInstance> {
  const { workflowName, options } = definition.workflow
  const what = `input of workflow ${workflowName}`
  const input = inputOf(event)
  const valid: unknown = options.input ? await validate(options.input, input, what) : input
  return facts.newInstance({
    id: generatedId(workflowName, facts.newId()),
    definition,
    workflowName,
    input: encodeJson(input, what, Number.POSITIVE_INFINITY),
    now: facts.now,
    tags: { ...traceOf(event), ...options.tags?.(valid) },
  })
}

function inputOf({ data }: CloudEvent): JsonValue {
  return data instanceof Uint8Array ? { data_base64: encodeBase64(data) } : (data ?? null)
}

/** Of a target that no instance can have, something as unlike any. */
function fitting(id: string): string {
  return id.length <= LONGEST_ID ? id : createHash('sha256').update(id).digest('hex')
}
