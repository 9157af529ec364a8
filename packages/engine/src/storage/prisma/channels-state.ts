/**
 * Channels as one flush sees and changes them: loaded rows in, decisions in memory, {@link ChannelsState.changes} out. No SQL in here, so that the rules
 * can be tested as rules. Units are applied in their order, each one whole, exactly as the memory storage does it.
 *
 * 1. A message's number comes from its channel's row, which the flush holds locked (S4).
 * 2. A channel has the mode of its subscriptions; without any it has none.
 * 3. Broadcast and direct: every open matching wait is told (`hitSeq`). Competing: one waiter a message, the oldest without a hit; what is pending and
 *    told to nobody is handed out again when a waiter or a message got free.
 * 4. `cursor` is how far a wait has looked, and nothing is scanned twice. `hitSeq` is no higher than the lowest matching number after it, so looking may
 *    begin there: on broadcast and direct channels every matching message counts, whether its receiver may run or not. Competing: it is what the wait
 *    was told of; looking begins at the cursor and takes the lowest that is there.
 */
import { ChannelModeConflictError } from '../../model/errors'
import type { ChannelMode } from '../../model/history'
import { matches, type Where } from '../../model/match'
import type { MessageRow, OutgoingMessage } from '../rows'
import type { Wait } from '../units'
import { Tracked } from './tracked'

export interface ChannelState {
  readonly name: string
  mode: ChannelMode | null
  nextSeq: number
  shapes: readonly string[]
  /** Somebody subscribes who has no part in this flush. Known for channels that this flush may leave. */
  readonly hasOthers: boolean
}
export interface SubscriptionState {
  readonly instanceId: string
  readonly channel: string
  readonly matchKey: string
  readonly mode: ChannelMode
  cursor: number
}
export interface WaitState {
  readonly instanceId: string
  readonly activityId: string
  readonly kind: 'message' | 'event'
  readonly channel: string
  readonly matchKey: string
  readonly where: Where | null
  cursor: number
  hitSeq: number | null
  /** Neither ended nor suspended: may be told of messages. */
  isRunnable: boolean
}
/** Reads stored messages in order of number. */
export interface MessageReader {
  /** The first message with a number in (after, upTo] that this test takes. */
  find(
    channel: string,
    after: number,
    upTo: number,
    takes: (message: MessageRow) => boolean,
  ): Promise<MessageRow | undefined>
}

/** An instance may have messages of its own on a channel that it is not subscribed to: lets a recur find them. No wait has this key, and it is no subscription. */
export const HELD = '*'

export interface ChannelChanges {
  readonly channels: readonly ChannelState[]
  readonly messages: readonly MessageRow[]
  readonly consumed: readonly { readonly channel: string; readonly seq: number }[]
  readonly subscriptions: { readonly put: readonly SubscriptionState[]; readonly removed: readonly SubscriptionState[] }
  readonly waits: {
    readonly opened: readonly WaitState[]
    readonly looked: readonly WaitState[]
    readonly closed: readonly WaitState[]
  }
}

export class ChannelsState {
  readonly #channels: Tracked<ChannelState>
  readonly #subscriptions: Tracked<SubscriptionState>
  readonly #waits: Tracked<WaitState>
  readonly #sent = new Map<string, MessageRow[]>()
  readonly #consumed = new Map<string, { channel: string; seq: number }>()
  readonly #unsettled = new Set<string>()

  constructor(loaded: {
    readonly channels: readonly ChannelState[]
    readonly subscriptions: readonly SubscriptionState[]
    /** Oldest first. */
    readonly waits: readonly WaitState[]
  }) {
    const keyOfSubscription = (row: SubscriptionState) => key(row.instanceId, row.channel, row.matchKey)
    const keyOfWait = (wait: WaitState) => key(wait.instanceId, wait.activityId)
    this.#channels = new Tracked(loaded.channels, (channel) => channel.name)
    this.#subscriptions = new Tracked(loaded.subscriptions, keyOfSubscription, [instanceOf, channelOf])
    this.#waits = new Tracked(loaded.waits, keyOfWait, [instanceOf, channelOf])
  }

  channel(name: string): ChannelState {
    const channel = this.#channels.get(name)
    if (!channel) throw new Error(`Channel ${name} is used without its lock`)
    return channel
  }

  subscription(instanceId: string, channel: string, matchKey: string): SubscriptionState | undefined {
    return this.#subscriptions.get(key(instanceId, channel, matchKey))
  }

  subscriptionsOf(instanceId: string): SubscriptionState[] {
    const rows = [...this.#subscriptions.group(OF_INSTANCE, instanceId)]
    return rows.sort((a, b) => (a.channel < b.channel ? -1 : a.channel > b.channel ? 1 : 0))
  }

  wait(instanceId: string, activityId: string): WaitState | undefined {
    return this.#waits.get(key(instanceId, activityId))
  }

  waitsOf(instanceId: string): readonly WaitState[] {
    return this.#waits.group(OF_INSTANCE, instanceId)
  }

  /** @returns ids of the instances that were waiting for it */
  send(outgoing: OutgoingMessage): readonly string[] {
    const channel = this.channel(outgoing.channel)
    const message: MessageRow = { ...outgoing, seq: channel.nextSeq++ }
    this.#channels.touch(channel)
    const sent = this.#sent.get(channel.name)
    if (sent) sent.push(message)
    else this.#sent.set(channel.name, [message])
    const waiting = suited(message, this.#waits.group(ON_CHANNEL, channel.name))
    const told = channel.mode === 'competing' ? firstIdle(waiting) : waiting
    for (const wait of told) this.#hit(wait, message.seq)
    const awake = told.filter((wait) => wait.isRunnable)
    return [...new Set(awake.map((wait) => wait.instanceId))]
  }

  /**
   * Idempotent. The cut: broadcast sees what comes from now on, competing and direct also what is there.
   * @throws ChannelModeConflictError
   */
  subscribe(instanceId: string, name: string, mode: ChannelMode): SubscriptionState {
    const channel = this.channel(name)
    if (channel.mode !== null && channel.mode !== mode)
      throw new ChannelModeConflictError({ channel: name, existingMode: channel.mode, requestedMode: mode })
    const existing = this.subscription(instanceId, name, '')
    if (existing) return existing
    return this.addSubscription({
      instanceId,
      channel: name,
      matchKey: '',
      mode,
      cursor: mode === 'broadcast' ? channel.nextSeq - 1 : 0,
    })
  }

  addSubscription(subscription: SubscriptionState): SubscriptionState {
    const channel = this.channel(subscription.channel)
    channel.mode = subscription.mode
    this.#channels.touch(channel)
    return this.#subscriptions.put(subscription)
  }

  unsubscribe(instanceId: string, channel: string): void {
    const left = this.subscriptionsOf(instanceId).filter((row) => row.channel === channel && row.matchKey !== HELD)
    for (const row of left) this.removeSubscription(row)
    if (left.length > 0) this.hold(instanceId, channel)
  }

  removeSubscription(subscription: SubscriptionState): void {
    this.#subscriptions.delete(subscription)
    const channel = this.channel(subscription.channel)
    const rest = this.#subscriptions.group(ON_CHANNEL, channel.name)
    if (subscription.matchKey === HELD || channel.hasOthers || rest.some((row) => row.matchKey !== HELD)) return
    channel.mode = null
    this.#channels.touch(channel)
  }

  /**
   * An event wait subscribes by itself; a wait with a condition reads at its own position, which begins where the instance stands.
   * @throws ChannelModeConflictError
   */
  openWait(instanceId: string, wait: Wait): void {
    if (wait.kind === 'event') this.subscribe(instanceId, wait.channel, 'broadcast')
    const channel = this.channel(wait.channel)
    const base = this.subscription(instanceId, wait.channel, '')
    if (base && !this.subscription(instanceId, wait.channel, wait.matchKey))
      this.#subscriptions.put({ ...base, matchKey: wait.matchKey })
    if (wait.shape !== '' && !channel.shapes.includes(wait.shape)) {
      channel.shapes = [...channel.shapes, wait.shape]
      this.#channels.touch(channel)
    }
    const { activityId, kind, matchKey, where } = wait
    const cursor = base?.cursor ?? channel.nextSeq - 1
    // until it has looked, anything after its cursor may be its own
    const hitSeq = cursor < channel.nextSeq - 1 ? cursor + 1 : null
    const opened = { instanceId, activityId, kind, channel: wait.channel, matchKey, where, cursor, hitSeq }
    this.#waits.put({ ...opened, isRunnable: true })
  }

  closeWait(wait: WaitState): void {
    this.#waits.delete(wait)
    if (wait.hitSeq !== null) this.#unsettled.add(wait.channel)
  }

  /** Where this wait begins to look, or null when nothing can have come. */
  lookFrom(instanceId: string, wait: Wait): { readonly after: number; readonly upTo: number } | null {
    const open = this.wait(instanceId, wait.activityId)
    const position =
      this.subscription(instanceId, wait.channel, wait.matchKey) ?? this.subscription(instanceId, wait.channel, '')
    const channel = this.#channels.get(wait.channel)
    if (!position || !channel) return null
    const after = startOf(position, open)
    return after < channel.nextSeq - 1 ? { after, upTo: channel.nextSeq - 1 } : null
  }

  /** Remembers that messages may wait for an instance on a channel that it is not subscribed to. */
  hold(instanceId: string, channel: string): void {
    if (this.subscription(instanceId, channel, '') || this.subscription(instanceId, channel, HELD)) return
    this.#subscriptions.put({ instanceId, channel, matchKey: HELD, mode: 'direct', cursor: 0 })
  }

  /** Sends what is unread on a channel again on another, in order. */
  async forward(
    from: string,
    after: number,
    readdressed: (message: MessageRow) => OutgoingMessage,
    stored: MessageReader,
  ): Promise<void> {
    for (let position = after; ; ) {
      const message = await this.#find(from, position, () => true, stored)
      if (!message) return
      position = message.seq
      this.#consumed.set(key(from, message.seq), { channel: from, seq: message.seq })
      this.send(readdressed(message))
    }
  }

  /** An instance that stops looking leaves what it was told of on competing channels to others. */
  forgetHits(instanceId: string): void {
    for (const wait of this.waitsOf(instanceId)) {
      wait.isRunnable = false
      if (wait.hitSeq === null || this.channel(wait.channel).mode !== 'competing') continue
      wait.hitSeq = null
      this.#waits.touch(wait)
      this.#unsettled.add(wait.channel)
    }
  }

  /** The wait's message, if there is one: its position advances, it is closed, a competing message is consumed (S7). */
  async take(
    instanceId: string,
    wait: Pick<Wait, 'activityId' | 'channel' | 'matchKey'>,
    stored: MessageReader,
  ): Promise<MessageRow | null> {
    const open = this.wait(instanceId, wait.activityId)
    const subscription = this.subscription(instanceId, wait.channel, wait.matchKey)
    if (!open || !subscription) return null
    const last = this.channel(wait.channel).nextSeq - 1
    const after = startOf(subscription, open)
    const suits = (candidate: MessageRow) => isFor(candidate, open, () => dataOf(candidate))
    const message = after < last ? await this.#find(wait.channel, after, suits, stored) : undefined
    if (!message) {
      if (open.cursor !== last || open.hitSeq !== null) this.#waits.touch(open)
      open.cursor = last
      open.hitSeq = null
      return null
    }
    subscription.cursor = message.seq
    this.#subscriptions.touch(subscription)
    this.closeWait(open)
    if (subscription.mode === 'competing') {
      this.#consumed.set(key(message.channel, message.seq), { channel: message.channel, seq: message.seq })
      this.#unsettled.add(message.channel)
    }
    return message
  }

  /** Rows that were read only now. */
  join(subscriptions: readonly SubscriptionState[]): void {
    for (const row of subscriptions) this.#subscriptions.load(row)
  }

  /** Gives what is pending on competing channels, and told to nobody, to whoever waits. @returns ids of the instances told */
  async settle(stored: MessageReader): Promise<readonly string[]> {
    if (this.#unsettled.size === 0) return []
    const told: string[] = []
    for (const name of [...this.#unsettled].sort()) {
      const channel = this.#channels.get(name)
      if (channel?.mode !== 'competing') continue
      const waiting = this.#waits.group(ON_CHANNEL, name)
      const spoken = new Set(waiting.map((wait) => wait.hitSeq))
      let after = 0
      while (waiting.some((wait) => wait.isRunnable && wait.hitSeq === null)) {
        const found = await this.#find(name, after, (message) => !spoken.has(message.seq), stored)
        if (!found) break
        after = found.seq
        for (const wait of firstIdle(suited(found, waiting))) {
          this.#hit(wait, found.seq)
          told.push(wait.instanceId)
        }
      }
    }
    this.#unsettled.clear()
    return told
  }

  changes(): ChannelChanges {
    const subscriptions = this.#subscriptions.changes()
    const waits = this.#waits.changes()
    return {
      channels: this.#channels.changes().changed,
      messages: [...this.#sent.values()].flat().filter((row) => !this.#consumed.has(key(row.channel, row.seq))),
      consumed: [...this.#consumed.values()],
      subscriptions: { put: [...subscriptions.put, ...subscriptions.changed], removed: subscriptions.removed },
      waits: { opened: waits.put, looked: waits.changed, closed: waits.removed },
    }
  }

  async #find(name: string, after: number, test: (message: MessageRow) => boolean, stored: MessageReader) {
    const takes = (message: MessageRow) => !this.#consumed.has(key(name, message.seq)) && test(message)
    const sent = this.#sent.get(name) ?? []
    const lastStored = (sent[0]?.seq ?? this.channel(name).nextSeq) - 1
    const found = after < lastStored ? await stored.find(name, after, lastStored, takes) : undefined
    return found ?? sent.find((message) => message.seq > after && takes(message))
  }

  #hit(wait: WaitState, seq: number): void {
    if (wait.hitSeq !== null) return
    wait.hitSeq = seq
    this.#waits.touch(wait)
  }
}

/** Whether this wait may take this message. */
export function isFor(
  message: Pick<MessageRow, 'targetInstanceId'>,
  wait: Pick<WaitState, 'instanceId' | 'where'>,
  data: () => unknown,
): boolean {
  if (message.targetInstanceId !== null && message.targetInstanceId !== wait.instanceId) return false
  return wait.where === null || matches(wait.where, data())
}

function startOf({ mode, cursor }: SubscriptionState, open: WaitState | undefined): number {
  const looked = Math.max(cursor, open?.cursor ?? 0)
  return mode === 'competing' ? looked : Math.max(looked, (open?.hitSeq ?? 0) - 1)
}

function firstIdle(waiting: readonly WaitState[]): WaitState[] {
  return waiting.filter((wait) => wait.isRunnable && wait.hitSeq === null).slice(0, 1)
}

function suited(message: MessageRow, waits: readonly WaitState[]): WaitState[] {
  let decoded: { readonly data: unknown } | undefined
  const data = () => {
    decoded ??= { data: dataOf(message) }
    return decoded.data
  }
  return waits.filter((wait) => isFor(message, wait, data))
}

export function dataOf(message: Pick<MessageRow, 'data'>): unknown {
  return message.data === null ? undefined : JSON.parse(message.data)
}

/** Position of the look-ups in {@link Tracked}. */
const OF_INSTANCE = 0
const ON_CHANNEL = 1
const instanceOf = (row: { readonly instanceId: string }) => row.instanceId
const channelOf = (row: { readonly channel: string }) => row.channel

function key(...parts: readonly (string | number)[]): string {
  return parts.join('\0')
}
