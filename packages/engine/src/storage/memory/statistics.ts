/** Bounded reads for people (storage/statistics.ts), by looking at every row. */
import type { OutboxStatus, Statistics } from '../storage'
import { isRetrying } from './reading'
import { compare } from './registry'
import type { Database } from './tables'

export function createStatistics(db: Database): Statistics {
  const instances = () => db.tables.instances.all()
  return {
    starts: async ({ since, limit }) =>
      instances()
        .map((row) => row.startedAt)
        .filter((startedAt) => startedAt >= since)
        .sort((a, b) => b - a)
        .slice(0, limit),

    ends: async ({ since, limit }) =>
      instances()
        .flatMap(({ workflowName, status, startedAt, completedAt }) =>
          completedAt === null || completedAt < since ? [] : [{ workflowName, status, startedAt, completedAt }],
        )
        .sort((a, b) => b.completedAt - a.completedAt)
        .slice(0, limit),

    failures: async ({ limit, workflowName, since }) =>
      instances()
        .filter((row) => row.status === 'failed')
        .filter((row) => workflowName === undefined || row.workflowName === workflowName)
        .filter((row) => since === undefined || row.startedAt >= since)
        .sort((a, b) => b.startedAt - a.startedAt || compare(b.id, a.id))
        .flatMap(({ id, workflowName: name, status, compensationState, error, startedAt, updatedAt }) =>
          error === null ? [] : [{ id, workflowName: name, status, compensationState, error, startedAt, updatedAt }],
        )
        .slice(0, limit),

    oldestReady: async (now) => {
      const ready = instances().flatMap(({ id, workflowName, wakeAt, leaseOwner }) =>
        wakeAt === null || wakeAt > now || leaseOwner !== null ? [] : [{ id, workflowName, wakeAt }],
      )
      return ready.sort((a, b) => a.wakeAt - b.wakeAt || compare(a.id, b.id))[0] ?? null
    },

    outbox: async (limit) => outboxStatistics(db, limit),

    attention: async (limit) => {
      const compensationFailed = instances().filter((row) => row.compensationState === 'failed').length
      const retrying = instances().filter(isRetrying).length
      return { compensationFailed: Math.min(limit, compensationFailed), retrying: Math.min(limit, retrying) }
    },

    marks: async (ids) => {
      const newest = instances().sort((a, b) => b.startedAt - a.startedAt || compare(b.id, a.id))[0]
      const pending = db.tables.outbox.all().filter((row) => row.status === 'pending').length
      return {
        instances: ids.slice(0, 2_000).flatMap((wanted) => {
          const row = db.tables.instances.get(wanted)
          if (!row) return []
          const { id, status, epoch, nextSeq, updatedAt } = row
          return [{ id, status, epoch, nextSeq, updatedAt }]
        }),
        newestStart: newest ? `${newest.startedAt} ${newest.id}` : null,
        newestEnd: largest(instances().flatMap((row) => row.completedAt ?? [])),
        newestMessage: largest(db.tables.messages.all().map((row) => row.publishedAt)),
        outboxSeq: largest(db.tables.outbox.all().map((row) => row.seq)) ?? 0,
        outboxDue: Math.min(1_000, pending),
        outboxPublished: largest(db.tables.outbox.all().flatMap((row) => row.publishedAt ?? [])),
        inboxSeq: largest(db.tables.inbox.all().map((row) => row.seq)) ?? 0,
        auditId: largest(db.tables.audits.all().map((row) => row.id)) ?? 0,
      }
    },
  }
}

function outboxStatistics(db: Database, limit: number) {
  const rows = db.tables.outbox.all()
  const count = (status: OutboxStatus): number => Math.min(limit, rows.filter((row) => row.status === status).length)
  const pending = rows.filter((row) => row.status === 'pending').map((row) => row.createdAt)
  return {
    counts: {
      pending: count('pending'),
      published: count('published'),
      failed: count('failed'),
      invalid: count('invalid'),
      expired: count('expired'),
    },
    oldestPendingAt: pending.sort((a, b) => a - b)[0] ?? null,
  }
}

function largest(numbers: readonly number[]): number | null {
  return numbers.reduce<number | null>((most, value) => (most === null || value > most ? value : most), null)
}
