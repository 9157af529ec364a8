/** Notices on the wire: ids only, coalesced, each payload below PostgreSQL's limit of 8,000 bytes. */
import type { Notice } from '../../storage'

/** Room for the envelope around the ids. */
const MAX_BYTES = 7_000

type Sent = Exclude<Notice, { type: 'reconnected' }>

/** Notices that wait to be sent, merged. */
export class Pending {
  readonly #ready = new Set<string>()
  readonly #leased = new Map<string, Set<string>>()
  readonly #ended = new Set<string>()
  #outbox = false

  add(notice: Notice): void {
    switch (notice.type) {
      case 'ready':
        for (const name of notice.workflowNames) this.#ready.add(name)
        break
      case 'leased': {
        const ids = this.#leased.get(notice.leaseOwner) ?? new Set()
        for (const id of notice.instanceIds) ids.add(id)
        this.#leased.set(notice.leaseOwner, ids)
        break
      }
      case 'ended':
        for (const id of notice.instanceIds) this.#ended.add(id)
        break
      case 'outbox':
        this.#outbox = true
        break
      case 'reconnected':
        break
    }
  }

  get isEmpty(): boolean {
    return !this.#outbox && this.#ready.size === 0 && this.#leased.size === 0 && this.#ended.size === 0
  }

  /** Takes everything out. */
  take(): readonly Sent[] {
    const notices: Sent[] = [
      ...chunks([...this.#ready]).map((workflowNames) => ({ type: 'ready' as const, workflowNames })),
      ...[...this.#leased].flatMap(([leaseOwner, ids]) =>
        chunks([...ids]).map((instanceIds) => ({ type: 'leased' as const, leaseOwner, instanceIds })),
      ),
      ...chunks([...this.#ended]).map((instanceIds) => ({ type: 'ended' as const, instanceIds })),
      ...(this.#outbox ? [{ type: 'outbox' as const }] : []),
    ]
    this.#ready.clear()
    this.#leased.clear()
    this.#ended.clear()
    this.#outbox = false
    return notices
  }
}

/** @param sender whoever sent it does not need to hear it */
export function encode(sender: string, notice: Sent): string {
  return JSON.stringify({ sender, notice })
}

/** @returns null for what is none of ours */
export function decode(payload: string): { readonly sender: string; readonly notice: Notice } | null {
  try {
    const { sender, notice } = JSON.parse(payload) as { sender?: unknown; notice?: { type?: unknown } }
    if (typeof sender !== 'string' || !KNOWN.has(notice?.type)) return null
    return { sender, notice: notice as Notice }
  } catch {
    return null
  }
}
const KNOWN: ReadonlySet<unknown> = new Set(['ready', 'leased', 'ended', 'outbox'])

function chunks(ids: readonly string[]): readonly string[][] {
  const found: string[][] = []
  let room = 0
  for (const id of ids) {
    const size = Buffer.byteLength(JSON.stringify(id)) + 1
    if (size > room || found.length === 0) {
      found.push([])
      room = MAX_BYTES
    }
    found.at(-1)?.push(id)
    room -= size
  }
  return found
}
