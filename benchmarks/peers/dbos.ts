/**
 * DBOS Transact. Workflows run in the process that starts them and hand their result over in memory, which is its fastest way (a queue would add
 * polling). The pool is larger than its default of 10, because a thousand workflows write at once; LISTEN/NOTIFY is on, as by default.
 */
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Contender } from '../lib/work'

const steps = DBOS.registerWorkflow(
  async (n: number) => {
    let last: unknown
    for (let k = 0; k < n; k++) last = await DBOS.runStep(async () => ({ k }), { name: 'step' })
    return last
  },
  { name: 'steps' },
)
const waits = DBOS.registerWorkflow(async () => DBOS.recv('go', 60), { name: 'waits' })

export async function open(url: string): Promise<Contender> {
  DBOS.setConfig({
    name: 'bench',
    applicationVersion: '1',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: 20,
    logLevel: 'error',
  })
  await DBOS.launch()
  return {
    name: 'DBOS',
    run: async (n) => (await DBOS.startWorkflow(steps)(n)).getResult(),
    wait: async (key) => {
      const handle = await DBOS.startWorkflow(waits, { workflowID: key })()
      return async () => {
        await DBOS.send(key, { key }, 'go')
        return handle.getResult()
      }
    },
    close: () => DBOS.shutdown(),
  }
}
