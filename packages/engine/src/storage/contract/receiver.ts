/**
 * An instance that receives for ever, as a runtime would drive it: opens one wait at a time, keeps its lease or parks, and once parked does nothing until
 * a claim finds it due. It never looks without being woken, so a lost wake-up shows as a message that never arrives.
 */
import type { ChannelMode } from '../../model/history'
import type { HistoryRow, InstanceRow, Storage, Wait } from '../storage'
import { eventWait, freshId, known, messageWait, startLeased, subscribeTo, transition } from './builders'
import { demand } from './fixture'

/** The ways to wait for a message; an event wait subscribes by itself. */
export type WaitKind = ChannelMode | 'event' | 'event with a condition'

export interface ReceiverOptions {
  readonly kind: WaitKind
  readonly channel: string
  /** Its own, so that a hint finds it and a claim of another test does not. */
  readonly workflowName: string
}

export class Receiver {
  readonly id = freshId('receiver')
  readonly workerId = freshId('worker')
  readonly received: string[] = []
  /** Numbers up to this one came before it subscribed. */
  cut = 0
  readonly #storage: Storage
  readonly #options: ReceiverOptions
  #row: InstanceRow | null = null
  #wait: Wait | null = null
  #calls = 0

  constructor(storage: Storage, options: ReceiverOptions) {
    this.#storage = storage
    this.#options = options
  }

  /** The channel to publish on so that this receiver gets it. */
  get channel(): string {
    return this.#options.kind === 'direct' ? `${this.#options.channel}:${this.id}` : this.#options.channel
  }

  /** Starts it, subscribed. An event wait begins with the first wait, which stays open under the lease. */
  async subscribe(): Promise<void> {
    const { kind, workflowName } = this.#options
    const isEvent = kind === 'event' || kind === 'event with a condition'
    const wait = this.#nextWait()
    const first = isEvent ? { waits: [wait] } : { asks: [subscribeTo(this.channel, kind)] }
    const unit = startLeased({ id: this.id, workflowName }, first, this.workerId)
    const [verdict] = await this.#storage.commit([unit])
    const { answers, nextSeq } = demand(verdict, 'accepted')
    const row = await this.#storage.instance(this.id)
    if (!row) throw new Error(`${this.id} was not started`)
    this.#row = { ...row, nextSeq }
    if (isEvent) {
      this.#wait = known(wait)
      const [standing] = await this.#storage.subscriptions(this.id)
      this.cut = standing?.cursor ?? 0
    } else {
      this.cut = JSON.parse(answers[0]?.data ?? '{}').cursor
    }
  }

  /**
   * One move. Parked: claims itself if it is due. Leased: opens a wait, or looks at the open one.
   *
   * @returns whether anything happened
   */
  async step(lease: 'keep' | 'release'): Promise<boolean> {
    if (!this.#row && !(await this.#claim())) return false
    const row = this.#row
    if (!row) return false
    const isNew = this.#wait === null
    const wait = this.#wait ?? this.#nextWait()
    const status = lease === 'release' ? 'waiting_for_message' : 'running'
    const unit = transition(row, { waits: [wait], poll: true, lease, status })
    const [verdict] = await this.#storage.commit([unit])
    if (verdict?.kind === 'lost') {
      this.#row = null
      return true
    }
    const { answers, nextSeq } = demand(verdict, 'accepted')
    if (answers.length > 0) {
      this.received.push(...answers.map(messageId))
      this.#wait = null
      this.#row = { ...row, nextSeq }
      return true
    }
    this.#wait = known(wait)
    this.#row = lease === 'release' ? null : row
    return isNew || lease === 'release'
  }

  /** Gives up the open wait, as the loser of a race does. */
  async withdraw(): Promise<void> {
    if (!this.#row || !this.#wait) return
    const unit = transition(this.#row, { closedWaits: [this.#wait.activityId] })
    const [verdict] = await this.#storage.commit([unit])
    if (verdict?.kind === 'lost') this.#row = null
    else {
      demand(verdict, 'accepted')
      this.#wait = null
    }
  }

  /** Its worker dies: the lease ends, whoever claims it next takes it over. */
  async crash(): Promise<void> {
    await this.#storage.expireLeases(this.workerId)
    this.#row = null
  }

  /** An operator parks it and releases it again. */
  async interrupt(now: number): Promise<void> {
    await this.#storage.operate(this.id, { type: 'suspend', reason: 'look' }, { now, audit: null })
    await this.#storage.operate(this.id, { type: 'resume' }, { now, audit: null })
    this.#row = null
  }

  async #claim(): Promise<boolean> {
    const { workerId, id } = this
    const workflowNames = [this.#options.workflowName]
    const { instances } = await this.#storage.claim({ workerId, workflowNames, limit: 1, instanceIds: [id] })
    this.#row = instances[0]?.row ?? null
    return this.#row !== null
  }

  #nextWait(): Wait {
    const activityId = `receive:${++this.#calls}`
    if (this.#options.kind === 'event') return eventWait(this.channel, null, activityId)
    if (this.#options.kind === 'event with a condition') return eventWait(this.channel, { to: 'us' }, activityId)
    return messageWait(this.channel, activityId)
  }
}

function messageId(answer: HistoryRow): string {
  return JSON.parse(answer.data).id
}

/** Lets all of them go on, each parking whenever it can, until nobody is due any more. */
export async function settle(receivers: readonly Receiver[]): Promise<void> {
  for (let isMoving = true; isMoving; ) {
    const moves = []
    for (const receiver of receivers) moves.push(await receiver.step('release'))
    isMoving = moves.includes(true)
  }
}
