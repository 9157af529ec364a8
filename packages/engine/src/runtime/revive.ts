/** Instances that were suspended because old code did not fit are tried again when other code of their workflow comes up. */
import type { Failure } from '../model/instance'
import type { Storage } from '../storage/storage'
import type { Registry } from './registry'

const PAGE = 200

export async function reviveDivergent(storage: Storage, registry: Registry, now: () => number): Promise<void> {
  for (const { workflow, sourceHash } of registry.values()) {
    const workflowName = workflow.workflowName
    let after: { startedAt: number; id: string } | undefined
    for (;;) {
      const rows = await storage.instances({
        status: ['suspended'],
        workflowName,
        limit: PAGE,
        ...(after ? { after } : {}),
      })
      for (const row of rows) {
        const failed =
          row.workflowName === workflowName && row.error
            ? (JSON.parse(row.error) as Failure).fields?.sourceHash
            : undefined
        if (typeof failed === 'string' && failed !== sourceHash)
          await storage.operate(row.id, { type: 'resume' }, { now: now(), audit: null })
      }
      const last = rows.at(-1)
      if (rows.length < PAGE || !last) break
      after = { startedAt: last.startedAt, id: last.id }
    }
  }
}
