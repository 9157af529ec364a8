import { InstanceNotFoundError, InvalidFilterError, InvalidStateError } from '../model/errors'
import { INSTANCE_STATUSES, type InstanceStatus, isTerminal } from '../model/instance'
import { isPath } from '../model/match'
import { decodePending } from '../model/pending'
import { verdict } from '../model/verdict'
import type { InstanceQuery, InstanceRow, OperatorVerb } from '../storage/storage'
import type { Admin, InstanceListing } from './admin'
import { auditEntry } from './audit'
import { date, json, toCompensation, toInstance, toOutbox, toPending, toRelated, toSummary } from './decode'
import type { AdminDeps } from './deps'
import { historyPage } from './history'
import { decodePageToken, encodePageToken } from './page-token'
import type { InstanceDetails, Operator, Relations } from './records'
import { toWorker } from './workers'

/** Attention figures are counted no further than this. */
const COUNTED_UP_TO = 1_000
/** Statuses are counted no further: what ended is only shown, what is open is reckoned with (overview.ts). */
const STATUS_COUNTED_UP_TO = { open: 100_000, ended: 10_000 }

export function createInstances(deps: AdminDeps): Admin['instances'] {
  const { storage } = deps

  /** @returns the refusal, or null when it was done */
  const operate = async (id: string, verb: OperatorVerb, operator: Operator): Promise<string | null> => {
    const options = { now: await storage.now(), audit: auditEntry(operator, `instance.${verb.type}`, id) }
    const outcome = await storage.operate(id, verb, options)
    if (outcome.kind === 'not-found') throw new InstanceNotFoundError(id)
    if (outcome.kind === 'refused') return outcome.why
    deps.notify(outcome.wakes)
    return null
  }
  const demand = async (id: string, verb: OperatorVerb, operator: Operator): Promise<void> => {
    const why = await operate(id, verb, operator)
    if (why) throw new InvalidStateError(`Cannot ${verb.type} instance '${id}': ${why}`)
  }

  return {
    async find(listing) {
      const { limit = 50, pageToken, ...filters } = listing
      if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new InvalidFilterError('limit must be 1 to 200')
      const query = toQuery(filters)
      const after = pageToken === undefined ? {} : { after: decodePageToken(pageToken, query) }
      const rows = await storage.instances({ ...query, ...after, limit: limit + 1 })
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      const hasMore = rows.length > limit && last !== undefined
      return { instances: page.map(toSummary), hasMore, nextPageToken: hasMore ? encodePageToken(last, query) : null }
    },
    async get(id, view = {}) {
      const row = await storage.instance(id)
      return row && details(deps, row, view.redact)
    },
    async history(id, listing, view = {}) {
      const row = await storage.instance(id)
      return row && historyPage(storage, row, listing, view.redact)
    },
    async counts() {
      const [counts, attention, outbox] = await Promise.all([
        storage.counts(STATUS_COUNTED_UP_TO),
        storage.statistics.attention(COUNTED_UP_TO),
        storage.statistics.outbox(COUNTED_UP_TO),
      ])
      const byStatus = Object.fromEntries(INSTANCE_STATUSES.map((status) => [status, 0])) as Record<
        InstanceStatus,
        number
      >
      for (const { status, count } of counts) byStatus[status] += count
      return {
        byStatus,
        atLeast: INSTANCE_STATUSES.filter(
          (status) => byStatus[status] === STATUS_COUNTED_UP_TO[isTerminal(status) ? 'ended' : 'open'],
        ),
        attention: {
          failed: byStatus.failed,
          suspended: byStatus.suspended,
          ...attention,
          deadLetters: outbox.counts.failed + outbox.counts.invalid + outbox.counts.expired,
        },
        total: Object.values(byStatus).reduce((sum, count) => sum + count, 0),
        countedUpTo: COUNTED_UP_TO,
      }
    },
    async cancel(id, operator) {
      return (await operate(id, { type: 'cancel', by: operator.actor, reason: operator.reason }, operator)) === null
    },
    suspend: (id, operator) => demand(id, { type: 'suspend', reason: suspendReason(operator) }, operator),
    resume: (id, operator) => demand(id, { type: 'resume' }, operator),
    marks: (ids) => storage.statistics.marks(ids),
  }
}

function suspendReason({ actor, reason }: Operator): string {
  return reason ? `Suspended by ${actor}: ${reason}` : `Suspended by ${actor}`
}

function toQuery(filters: Omit<InstanceListing, 'limit' | 'pageToken'>): Omit<InstanceQuery, 'limit'> {
  const { startedAfter, startedBefore, attention, ...rest } = filters
  for (const path of Object.keys(rest.inputFilters ?? {})) {
    if (!isPath(path)) throw new InvalidFilterError(`Invalid JSON path: ${path}`)
  }
  return {
    ...rest,
    ...(startedAfter ? { startedAfter: startedAfter.getTime() } : {}),
    ...(startedBefore ? { startedBefore: startedBefore.getTime() } : {}),
    ...(attention === 'compensation-failed' ? { compensationState: 'failed' as const } : {}),
    ...(attention === 'retrying' ? { retrying: true } : {}),
  }
}

async function details(deps: AdminDeps, row: InstanceRow, redact: boolean | undefined): Promise<InstanceDetails> {
  const { storage } = deps
  const [now, compensations, subscriptions, outbox, rows, relations] = await Promise.all([
    storage.now(),
    storage.compensations(row.id),
    storage.subscriptions(row.id),
    storage.outbox({ instanceId: row.id, limit: 100 }),
    storage.workers(),
    relationsOf(deps, row),
  ])
  const workers = rows.map((worker) => toWorker(worker, { now, deps, leader: null })).filter(({ alive }) => alive)
  const pending = decodePending(row.pending)
  const lease = row.leaseOwner === null ? null : { workerId: row.leaseOwner, until: row.leaseUntil ?? now }
  const facts = {
    ...row,
    pending,
    lease,
    now,
    workers,
    error: json(row.error, null),
    cancel: row.cancelRequestedAt === null ? null : { by: row.cancelRequestedBy, reason: row.cancelReason },
    compensations: compensations.map((link) => ({ ...link, lastError: json(link.lastError, null) })),
    successorId: relations.successorId,
    deadLetters: outbox.filter(({ status }) => status !== 'pending' && status !== 'published').length,
  }
  return {
    instance: toInstance(row, redact),
    redacted: redact === true,
    verdict: verdict(facts),
    pending: pending.map((operation) => toPending(operation, redact)),
    compensations: compensations.map((link) => toCompensation(link, redact)),
    subscriptions,
    outbox: outbox.map((event) => toOutbox(event, redact)),
    relations: relations.relations,
    lease: lease && {
      ...lease,
      until: date(lease.until),
      workerAlive: workers.some(({ id }) => id === lease.workerId),
    },
    events: row.nextSeq - 1,
    sourceHash: row.sourceHash,
    now: date(now),
  }
}

async function relationsOf(
  { storage }: AdminDeps,
  row: InstanceRow,
): Promise<{ relations: Relations; successorId: string | null }> {
  const one = (id: string | null) => (id === null ? null : storage.instance(id))
  const [parent, children, chain, forkedFrom, forks] = await Promise.all([
    one(row.parentId),
    storage.instances({ parentId: row.id, limit: 50 }),
    storage.instances({ chainId: row.chainId, limit: 50 }),
    one(row.forkedFrom),
    storage.instances({ forkedFrom: row.id, limit: 50 }),
  ])
  const relations = {
    parent: parent && toRelated(parent),
    children: children.map(toRelated),
    chain: chain.length > 1 ? chain.map(toRelated) : [],
    forkedFrom: forkedFrom && toRelated(forkedFrom),
    forks: forks.map(toRelated),
  }
  return { relations, successorId: chain.find(({ continuedFrom }) => continuedFrom === row.id)?.id ?? null }
}
