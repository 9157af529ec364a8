import type { InstanceStatus } from '../model/instance'
import type { JsonValue } from '../model/json'
import type { DefinitionRow, EndedInstance } from '../storage/storage'
import type { Admin } from './admin'
import { date, payload } from './decode'
import type { AdminDeps } from './deps'
import type { WorkflowSummary } from './records'
import { toWorker } from './workers'

const DAY_MS = 86_400_000
const RATE_SAMPLE = 5_000
const RECENT_INPUTS = 5

export function createDefinitions(deps: AdminDeps): Admin['workflows'] {
  const { storage } = deps

  const summaries = async (): Promise<readonly { summary: WorkflowSummary; rows: readonly DefinitionRow[] }[]> => {
    const now = await storage.now()
    const [definitions, counts, workers, ends] = await Promise.all([
      storage.definitions(),
      storage.openCounts(),
      storage.workers(),
      storage.statistics.ends({ since: now - DAY_MS, limit: RATE_SAMPLE }),
    ])
    const runnable = new Set(
      workers
        .map((row) => toWorker(row, { now, deps, leader: null }))
        .flatMap((worker) => (worker.alive ? worker.workflows : [])),
    )
    return [...revisionsByName(definitions)].map(([name, rows]) => {
      const newest = rows[0] as DefinitionRow
      const own = counts.filter(({ workflowName }) => workflowName === name)
      const ended = ends.filter(({ workflowName }) => workflowName === name)
      const summary: WorkflowSummary = {
        name,
        description: newest.description,
        version: newest.version,
        eventType: newest.eventType,
        revisions: rows.length,
        sourceHash: newest.sourceHash,
        registeredAt: date(newest.createdAt),
        runnable: runnable.has(name),
        counts: { ...tally(ended), ...Object.fromEntries(own.map(({ status, count }) => [status, count])) } as Partial<
          Record<InstanceStatus, number>
        >,
        failureRate:
          ended.length === 0 ? null : ended.filter(({ status }) => status === 'failed').length / ended.length,
      }
      return { summary, rows }
    })
  }

  return {
    async list() {
      return (await summaries()).map(({ summary }) => summary)
    },
    async get(name, view = {}) {
      const found = (await summaries()).find(({ summary }) => summary.name === name)
      const row = found?.rows.find(({ sourceHash }) => view.sourceHash === undefined || sourceHash === view.sourceHash)
      if (!found || !row) return null
      return {
        ...found.summary,
        description: row.description,
        version: row.version,
        eventType: row.eventType,
        sourceHash: row.sourceHash,
        registeredAt: date(row.createdAt),
        source: row.source,
        inputSchema: payload(row.inputSchema, false),
        outputSchema: payload(row.outputSchema, false),
        sources: found.rows.map(({ sourceHash, version, createdAt }) => ({
          sourceHash,
          version,
          registeredAt: date(createdAt),
        })),
        recentInputs: view.redact ? [] : await recentInputs(deps, name),
        redacted: view.redact === true,
      }
    },
  }
}

function tally(ended: readonly EndedInstance[]): Partial<Record<InstanceStatus, number>> {
  const counts: Partial<Record<InstanceStatus, number>> = {}
  for (const { status } of ended) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** Newest revision first. */
function revisionsByName(definitions: readonly DefinitionRow[]): ReadonlyMap<string, readonly DefinitionRow[]> {
  const byName = new Map<string, DefinitionRow[]>()
  for (const row of [...definitions].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : b.createdAt - a.createdAt,
  )) {
    const rows = byName.get(row.name)
    if (rows) rows.push(row)
    else byName.set(row.name, [row])
  }
  return byName
}

/** Distinct inputs of the newest instances. The listing matches substrings, so other workflows' rows are left out here. */
async function recentInputs({ storage }: AdminDeps, workflowName: string): Promise<readonly JsonValue[]> {
  const rows = await storage.instances({ workflowName, limit: 20 })
  const texts = new Set(rows.filter((row) => row.workflowName === workflowName).map(({ input }) => input))
  return [...texts].slice(0, RECENT_INPUTS).map((text) => payload(text, false))
}
