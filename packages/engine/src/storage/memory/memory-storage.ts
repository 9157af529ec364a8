/**
 * The reference model of the storage interface: every verb is one synchronous step over plain rows, so its atomicity needs no proof. Correct rather
 * than fast; it is the specification in code, and the fake that tests use. It keeps nothing beyond the process and offers no SQL session.
 */
import { ConfigurationError, InvalidStateError } from '../../model/errors'
import { Turns } from '../fairness'
import type { Session, Storage, TransitionUnit, Unit, Verdict } from '../storage'
import { deleteMessage } from './channels'
import * as claims from './claim'
import { fork } from './fork'
import { operate } from './operator'
import * as outbox from './outbox'
import { applyPublish } from './publish'
import { purge } from './purge'
import * as reading from './reading'
import * as registry from './registry'
import { createStatistics } from './statistics'
import { createDatabase, type Database } from './tables'
import { applyStart, applyTransition } from './transition'

/**
 * @param options.clock the one clock of this storage; `now()` in epoch milliseconds
 * @example const storage = createMemoryStorage({ clock: { now: () => Date.now() } })
 */
export function createMemoryStorage({ clock }: { readonly clock: { now(): number } }): Storage {
  const db = createDatabase(clock)
  const turns = new Turns()
  const metrics = { transactions: 0, statements: 0 }

  /** All of it or nothing. */
  const atomically = async <Result>(write: () => Result): Promise<Result> => {
    metrics.transactions++
    db.journal.begin()
    try {
      return write()
    } catch (error) {
      db.journal.rollback()
      throw error
    }
  }
  const commit = async (units: readonly Unit[]): Promise<readonly Verdict[]> => {
    if (units.length > 0) metrics.transactions++
    return units.map((unit) => applyUnit(db, unit))
  }

  return {
    dialect: 'memory',
    metrics,
    open: async () => {},
    close: async () => {},
    now: async () => db.now(),

    commit: async (units, options = {}) => {
      if (options.tx !== undefined) throw new ConfigurationError('A transaction of yours needs a SQL database')
      const verdicts = await commit(units)
      const { claim } = options
      return claim ? atomically(() => claims.claimWoken(db, claim, verdicts)) : verdicts
    },
    claim: (request) => atomically(() => claims.claim(db, request, turns)),
    renew: (workerId, leases) => atomically(() => claims.renew(db, workerId, leases)),
    release: (workerId, leases) => atomically(() => claims.release(db, workerId, leases)),
    expireLeases: (workerId) => atomically(() => claims.expireLeases(db, workerId)),
    openSession: async () => createSession(commit),

    operate: (instanceId, verb, options) => atomically(() => operate(db, instanceId, verb, options)),
    fork: (request) => atomically(() => fork(db, request)),

    ...readingVerbs(db),
    statistics: createStatistics(db),

    leaseOutbox: (options) => atomically(() => outbox.leaseOutbox(db, options)),
    settleOutbox: (token, results) => atomically(() => outbox.settleOutbox(db, token, results)),
    deleteMessage: (channel, seq, audit) => atomically(() => deleteMessage(db, channel, seq, audit)),
    operateOutbox: (action, ids, audit) => atomically(() => outbox.operateOutbox(db, action, ids, audit)),

    saveDefinitions: (rows) => atomically(() => registry.saveDefinitions(db, rows)),
    heartbeat: (worker) => atomically(() => db.tables.workers.put(worker)),
    removeWorker: (id) =>
      atomically(() => {
        const worker = db.tables.workers.get(id)
        if (worker) db.tables.workers.delete(worker)
      }),
    acquireLock: (name, holder, leaseMs) => atomically(() => registry.acquireLock(db, name, holder, leaseMs)),
    releaseLock: (name, holder) => atomically(() => registry.releaseLock(db, name, holder)),
    purge: (options) => atomically(() => purge(db, options)),
    audit: (entry) => atomically(() => registry.writeAudit(db, entry)),
    saveApiToken: (row, audit) =>
      atomically(() => {
        db.tables.apiTokens.put(row)
        if (audit) registry.writeAudit(db, audit)
      }),
    touchApiToken: (id, at) =>
      atomically(() => {
        const row = db.tables.apiTokens.get(id)
        if (row) db.tables.apiTokens.put({ ...row, lastUsedAt: at })
      }),
  }
}

function readingVerbs(db: Database) {
  return {
    instance: async (id) => reading.instance(db, id),
    chainHead: async (id) => reading.head(db, id),
    ended: async (ids) => reading.ended(db, ids),
    instances: async (query) => reading.instances(db, query),
    history: async (id, options) => reading.history(db, id, options),
    histories: async (ids) => reading.histories(db, ids),
    compensations: async (id) => reading.compensations(db, id),
    counts: async (upTo) => reading.counts(db, upTo),
    openCounts: async () => reading.openCounts(db),
    channelStats: async (name) => reading.channelStats(db, name),
    messages: async (channel, options) => reading.messages(db, channel, options),
    waits: async (options) => reading.waits(db, options),
    subscriptions: async (id) => reading.subscriptions(db, id),
    shapes: async (channel) => reading.shapes(db, channel),
    inbox: async (query) => reading.inbox(db, query),
    outbox: async (query) => outbox.outboxRows(db, query),
    definitions: async () => registry.definitions(db),
    workers: async () => reading.workers(db),
    lockHolder: async (name) => registry.lockHolder(db, name),
    audits: async (query) => registry.audits(db, query),
    apiTokens: async () => registry.apiTokens(db),
    apiTokenByHash: async (hash) => db.tables.apiTokens.all().find((row) => row.hash === hash) ?? null,
  } satisfies Partial<Storage>
}

/** One unit; an error takes back all of it and none of its neighbours (S2). */
function applyUnit(db: Database, unit: Unit): Verdict {
  db.journal.begin()
  try {
    switch (unit.kind) {
      case 'start':
        return applyStart(db, unit)
      case 'transition':
        return applyTransition(db, unit)
      case 'publish':
        return applyPublish(db, unit)
    }
  } catch (error) {
    db.journal.rollback()
    return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
  }
}

/** There is no SQL to run, so a session carries the unit only. */
function createSession(commit: (units: readonly Unit[]) => Promise<readonly Verdict[]>): Session {
  let isOpen = true
  const end = (): void => {
    if (!isOpen) throw new InvalidStateError('This session has ended already')
    isOpen = false
  }
  return {
    get client(): unknown {
      throw new ConfigurationError('Sessions need a SQL database: this app keeps its data in memory only')
    },
    savepoint: (fn) => fn(),
    commit: async (unit: TransitionUnit) => {
      end()
      const [verdict] = await commit([unit])
      if (!verdict) throw new InvalidStateError('The session gave no verdict')
      return verdict
    },
    rollback: async () => end(),
  }
}
