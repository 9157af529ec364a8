/** Which channels this instance has subscribed to, as its history says; so `receive` without a subscription fails at once, live and on replay alike. */
import type { ChannelMode } from '../model/history'

export class Subscriptions {
  readonly #suffix: string
  readonly #sourceSuffix: string
  readonly #byName = new Map<string, { readonly stored: string; readonly mode: ChannelMode }>()

  /** @param sourceId the instance whose history this one replays: its own id unless it is a fork */
  constructor(instanceId: string, sourceId: string) {
    this.#suffix = `:${instanceId}`
    this.#sourceSuffix = `:${sourceId}`
  }

  /** A direct channel is private to its instance: `{name}:{instanceId}`. */
  storedName(name: string, mode: ChannelMode): string {
    return mode === 'direct' ? name + this.#suffix : name
  }

  add(name: string, mode: ChannelMode): void {
    this.#byName.set(name, { stored: this.storedName(name, mode), mode })
  }

  /** What a recur moved here, by its stored name; a fork reads the one that its source had. */
  inherit(stored: string, mode: ChannelMode): void {
    const suffix = [this.#suffix, this.#sourceSuffix].find((one) => stored.endsWith(one))
    this.add(mode === 'direct' && suffix !== undefined ? stored.slice(0, -suffix.length) : stored, mode)
  }

  remove(name: string): void {
    this.#byName.delete(name)
  }

  get(name: string): { readonly stored: string; readonly mode: ChannelMode } | undefined {
    return this.#byName.get(name)
  }
}
