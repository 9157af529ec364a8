/**
 * Payloads through the user's codec (encryption, compression) on their way to the database and back. A decorator of the storage: nothing above it sees
 * encoded text, nothing below it sees what was encoded.
 *
 *  1. Encoded: inputs, outputs, errors, states, compensation arguments, outbox data, and every history event that the engine makes.
 *  2. Not encoded: channel messages and CloudEvents (the database matches `where` on them), tags, and the operations that are open. Input filters find
 *     nothing in encoded inputs.
 *  3. An encoded payload is a JSON string that begins with a mark, so it can stand wherever JSON stands; what has no mark is read as it is, so a codec
 *     can be introduced over existing data.
 */

import type { CompensationRow, HistoryRow, InstanceRow, NewHistoryRow, NewInstance, OutboxRow } from './storage/rows'
import type { Session, Storage } from './storage/storage'
import type { ClaimedInstance, TransitionBody, Unit, Verdict } from './storage/units'

export interface PayloadContext {
  /** What the payload belongs to: an instance id, or an outbox event's id. */
  readonly subject: string
  readonly kind: 'input' | 'output' | 'error' | 'state' | 'event' | 'compensation' | 'outbox'
}

/** Both may be asynchronous. `decode(encode(bytes))` must give the bytes back. */
export interface Codec {
  encode(bytes: Uint8Array, context: PayloadContext): Uint8Array | Promise<Uint8Array>
  decode(bytes: Uint8Array, context: PayloadContext): Uint8Array | Promise<Uint8Array>
}

const MARK = '\u0002edda:'
const MARKED = `"\\u0002edda:`
type Kind = PayloadContext['kind']

export function withCodec(storage: Storage, codec: Codec): Storage {
  const text = createTexts(codec)
  const overrides: Partial<Storage> = {
    commit: async (units, options) =>
      decodeVerdicts(
        text,
        units,
        await storage.commit(await Promise.all(units.map((unit) => encodeUnit(text, unit))), options),
      ),
    claim: async (request) => {
      const result = await storage.claim(request)
      return {
        ...result,
        instances: await Promise.all(result.instances.map((one) => decodeClaimed(text, one))),
      }
    },
    openSession: async (options) => wrapSession(text, await storage.openSession(options)),
    operate: async (id, verb, options) => {
      const outcome = await storage.operate(id, verb, options)
      return outcome.kind === 'not-found' ? outcome : { ...outcome, row: await decodeInstance(text, outcome.row) }
    },
    fork: async (request) => storage.fork({ ...request, instance: await encodeInstance(text, request.instance) }),
    instance: async (id) => nullable(text, await storage.instance(id)),
    chainHead: async (id) => nullable(text, await storage.chainHead(id)),
    ended: async (ids) =>
      Promise.all(
        (await storage.ended(ids)).map(async ({ id, row }) => ({ id, row: await decodeInstance(text, row) })),
      ),
    instances: async (query) => Promise.all((await storage.instances(query)).map((row) => decodeInstance(text, row))),
    history: async (id, options) =>
      Promise.all((await storage.history(id, options)).map((row) => decodeEventRow(text, id, row))),
    histories: async (ids) => {
      const found = await storage.histories(ids)
      return new Map(
        await Promise.all(
          [...found].map(
            async ([id, rows]) => [id, await Promise.all(rows.map((row) => decodeEventRow(text, id, row)))] as const,
          ),
        ),
      )
    },
    compensations: async (id) =>
      Promise.all((await storage.compensations(id)).map((row) => decodeCompensation(text, id, row))),
    outbox: async (query) => Promise.all((await storage.outbox(query)).map((row) => decodeOutbox(text, row))),
    leaseOutbox: async (request) => {
      const leased = await storage.leaseOutbox(request)
      return { ...leased, rows: await Promise.all(leased.rows.map((row) => decodeOutbox(text, row))) }
    },
  }
  return new Proxy(storage, {
    get: (target, property) => {
      const own: unknown = Reflect.get(overrides, property)
      if (own !== undefined) return own
      const member: unknown = Reflect.get(target, property)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

interface Texts {
  encode(text: string, subject: string, kind: Kind): Promise<string>
  decode(text: string, subject: string, kind: Kind): Promise<string>
}

function createTexts(codec: Codec): Texts {
  const reveal = async (value: unknown, subject: string, kind: Kind): Promise<unknown> => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value
    const bytes = await codec.decode(Buffer.from(value.slice(MARK.length), 'base64'), { subject, kind })
    return JSON.parse(Buffer.from(bytes).toString()) as unknown
  }
  return {
    async encode(text, subject, kind) {
      const bytes = await codec.encode(Buffer.from(text), { subject, kind })
      return `${MARKED}${Buffer.from(bytes).toString('base64')}"`
    },
    async decode(text, subject, kind) {
      if (!text.includes(MARKED)) return text
      const value = await reveal(JSON.parse(text), subject, kind)
      if (value === null || typeof value !== 'object') return JSON.stringify(value)
      // An event that the storage made of rows (a child's result) holds them encoded one by one.
      const members = await Promise.all(
        Object.entries(value).map(async ([name, member]) => [name, await reveal(member, subject, kind)] as const),
      )
      return JSON.stringify(Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members))
    },
  }
}

async function optional(
  text: Texts['encode'],
  value: string | null,
  subject: string,
  kind: Kind,
): Promise<string | null> {
  return value === null ? null : text(value, subject, kind)
}

async function encodeInstance(text: Texts, instance: NewInstance): Promise<NewInstance> {
  return { ...instance, input: await text.encode(instance.input, instance.id, 'input') }
}

async function encodeUnit(text: Texts, unit: Unit): Promise<Unit> {
  switch (unit.kind) {
    case 'transition':
      return { ...unit, ...(await encodeBody(text, unit, unit.instanceId)) }
    case 'start': {
      const { id } = unit.instance
      const first = unit.first && { ...unit.first, ...(await encodeBody(text, unit.first, id)) }
      return { ...unit, instance: await encodeInstance(text, unit.instance), first }
    }
    case 'publish': {
      const deliveries = unit.deliveries.map(async (delivery) => ({
        ...delivery,
        starts: await Promise.all(delivery.starts.map((one) => encodeInstance(text, one))),
      }))
      return { ...unit, deliveries: await Promise.all(deliveries) }
    }
  }
}

async function encodeBody(text: Texts, body: TransitionBody, id: string): Promise<Partial<TransitionBody>> {
  const { compensations } = body
  const args = async <Row extends { readonly args: string }>(rows: readonly Row[]): Promise<Row[]> =>
    Promise.all(rows.map(async (row) => ({ ...row, args: await text.encode(row.args, id, 'compensation') })))
  const [events, output, error, asks, outbox, push, fill, update, recur] = await Promise.all([
    Promise.all(body.events.map((event) => encodeEvent(text, id, event))),
    optional(text.encode, body.output, id, 'output'),
    optional(text.encode, body.error, id, 'error'),
    Promise.all(
      body.asks.map(async (ask) =>
        ask.type === 'startChild' ? { ...ask, instance: await encodeInstance(text, ask.instance) } : ask,
      ),
    ),
    Promise.all(body.outbox.map((row) => encodeOutbox(text, row))),
    args(compensations.push),
    args(compensations.fill),
    Promise.all(
      compensations.update.map(async (row) => ({
        ...row,
        lastError: await optional(text.encode, row.lastError, id, 'error'),
      })),
    ),
    body.recur && encodeInstance(text, body.recur),
  ])
  const state = body.state === undefined ? {} : { state: await text.encode(body.state, id, 'state') }
  return {
    events,
    output,
    error,
    asks,
    outbox,
    compensations: { ...compensations, push, fill, update },
    recur,
    ...state,
  }
}

async function encodeEvent(text: Texts, id: string, event: NewHistoryRow): Promise<NewHistoryRow> {
  return { ...event, data: await text.encode(event.data, id, 'event') }
}

async function encodeOutbox<Row extends OutboxRow>(text: Texts, row: Row): Promise<Row> {
  return { ...row, data: await optional(text.encode, row.data, row.id, 'outbox') }
}

async function decodeOutbox<Row extends OutboxRow>(text: Texts, row: Row): Promise<Row> {
  return { ...row, data: await optional(text.decode, row.data, row.id, 'outbox') }
}

async function decodeInstance(text: Texts, row: InstanceRow): Promise<InstanceRow> {
  const [input, output, error, state] = await Promise.all([
    text.decode(row.input, row.id, 'input'),
    optional(text.decode, row.output, row.id, 'output'),
    optional(text.decode, row.error, row.id, 'error'),
    optional(text.decode, row.state, row.id, 'state'),
  ])
  return { ...row, input, output, error, state }
}

async function nullable(text: Texts, row: InstanceRow | null): Promise<InstanceRow | null> {
  return row && decodeInstance(text, row)
}

async function decodeEventRow(text: Texts, id: string, row: HistoryRow): Promise<HistoryRow> {
  return { ...row, data: await text.decode(row.data, id, 'event') }
}

async function decodeCompensation(text: Texts, id: string, row: CompensationRow): Promise<CompensationRow> {
  const [args, lastError] = await Promise.all([
    text.decode(row.args, id, 'compensation'),
    optional(text.decode, row.lastError, id, 'error'),
  ])
  return { ...row, args, lastError }
}

async function decodeClaimed(text: Texts, claimed: ClaimedInstance): Promise<ClaimedInstance> {
  const { row, answers } = claimed
  const plain = { ...claimed, row: await decodeInstance(text, row) }
  return answers
    ? { ...plain, answers: await Promise.all(answers.map((one) => decodeEventRow(text, row.id, one))) }
    : plain
}

async function decodeWakes(text: Texts, verdict: Verdict): Promise<Verdict> {
  if (!('wakes' in verdict) || !verdict.wakes.claimed) return verdict
  const claimed = await Promise.all(verdict.wakes.claimed.map((one) => decodeClaimed(text, one)))
  return { ...verdict, wakes: { ...verdict.wakes, claimed } }
}

async function decodeVerdicts(
  text: Texts,
  units: readonly Unit[],
  verdicts: readonly Verdict[],
): Promise<readonly Verdict[]> {
  return Promise.all(
    verdicts.map(async (coded, index): Promise<Verdict> => {
      const verdict = await decodeWakes(text, coded)
      const unit = units[index]
      if (verdict.kind === 'exists') return { ...verdict, instance: await decodeInstance(text, verdict.instance) }
      if (verdict.kind !== 'accepted' || !unit || unit.kind === 'publish') return verdict
      const id = unit.kind === 'transition' ? unit.instanceId : unit.instance.id
      return { ...verdict, answers: await Promise.all(verdict.answers.map((row) => decodeEventRow(text, id, row))) }
    }),
  )
}

function wrapSession(text: Texts, session: Session): Session {
  return {
    client: session.client,
    savepoint: (fn) => session.savepoint(fn),
    rollback: () => session.rollback(),
    commit: async (unit) => {
      const encoded = await encodeUnit(text, unit)
      const verdict = await session.commit(encoded.kind === 'transition' ? encoded : unit)
      return (await decodeVerdicts(text, [unit], [verdict]))[0] ?? verdict
    },
  }
}
