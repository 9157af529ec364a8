/** Publishing from outside a workflow: validated, encoded, committed through the same queue as everything else. */
import { randomUUID } from 'node:crypto'
import { type ChannelDefinition, channelName, checkMetadata, checkName } from './model/definition'
import { encodeJson, encodePayload, type JsonValue } from './model/json'
import { validate } from './model/schema'
import type { RuntimeServices } from './runtime/services'
import type { OutgoingMessage } from './storage/rows'
import type { Wakes } from './storage/units'

export interface OutsidePublishOptions {
  readonly metadata?: Readonly<Record<string, JsonValue>>
  readonly targetInstanceId?: string
}
export interface OutsideSendToOptions {
  /** Default `__direct__`. */
  readonly channel?: string
  readonly metadata?: Readonly<Record<string, JsonValue>>
}

export interface PublisherDeps {
  readonly services: Pick<RuntimeServices, 'queue' | 'clock' | 'settings' | 'storage'>
  wake(wakes: Wakes): void
}

/** @returns the message's id @throws ValidationError, SerializationError, TypeError for a bad channel name */
export async function publish(
  deps: PublisherDeps,
  channel: string | ChannelDefinition<unknown>,
  data: unknown,
  options: OutsidePublishOptions = {},
): Promise<string> {
  const name = channelName(channel)
  checkMetadata(options.metadata)
  if (options.targetInstanceId !== undefined) checkName('instance id', options.targetInstanceId)
  const isDirect = typeof channel !== 'string' && channel.mode === 'direct'
  if (isDirect && options.targetInstanceId === undefined)
    throw new TypeError(`Channel '${name}' is direct: publish with { targetInstanceId }, or use sendTo`)
  const schema = typeof channel === 'string' ? undefined : channel.schema
  if (schema) await validate(schema, data, `message on channel ${name}`)
  const message = outgoing(
    deps,
    isDirect ? `${name}:${options.targetInstanceId}` : name,
    data,
    options.metadata,
    options.targetInstanceId ?? null,
  )
  await submit(deps, message)
  return message.id
}

/** @returns whether the instance was waiting for it; false and nothing stored when it is unknown or ended */
export async function sendTo(
  deps: PublisherDeps,
  instanceId: string,
  data: unknown,
  options: OutsideSendToOptions = {},
): Promise<boolean> {
  checkName('instance id', instanceId)
  checkMetadata(options.metadata)
  const name = options.channel ?? '__direct__'
  checkName('channel', name)
  const head = await deps.services.storage.chainHead(instanceId)
  if (!head || head.completedAt !== null) return false
  const message = outgoing(deps, `${name}:${head.id}`, data, options.metadata, head.id)
  const receivers = await submit(deps, message)
  return receivers.includes(head.id)
}

async function submit(deps: PublisherDeps, message: OutgoingMessage): Promise<readonly string[]> {
  const { queue, clock } = deps.services
  const verdict = await queue.submit({
    kind: 'publish',
    now: clock.now(),
    deliveries: [{ inbox: null, messages: [message], starts: [] }],
  })
  if (verdict.kind === 'failed') throw verdict.error
  if (verdict.kind !== 'published') throw new Error(`unexpected verdict ${verdict.kind}`)
  deps.wake(verdict.wakes)
  return verdict.deliveries[0]?.receivers ?? []
}

function outgoing(
  deps: PublisherDeps,
  channel: string,
  data: unknown,
  metadata: OutsidePublishOptions['metadata'],
  target: string | null,
): OutgoingMessage {
  const { clock, settings } = deps.services
  return {
    id: randomUUID(),
    channel,
    ...encodePayload(data, `message on channel ${channel}`, settings.maxPayloadBytes),
    metadata: encodeJson(metadata ?? {}, `metadata of a message on channel ${channel}`, settings.maxPayloadBytes),
    targetInstanceId: target,
    publishedAt: clock.now(),
  }
}
