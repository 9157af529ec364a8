import { expect, it, onTestFinished } from 'vitest'
import { virtualClock } from '../../../test/virtual-clock'
import { completed, messageWait, parked, START, startLeased, subscribeTo, transition } from '../contract/builders'
import { demand } from '../contract/fixture'
import { createClaim } from './claim'
import { createCommit } from './commit'
import type { Database } from './database'
import { createSqliteDatabase } from './sqlite/database'

const open = async (): Promise<Database> => {
  const database = await createSqliteDatabase({ dbUrl: ':memory:', clock: virtualClock().now })
  await database.open({ autoMigrate: true })
  onTestFinished(() => database.close())
  return database
}
const request = { workerId: 'worker-2', workflowNames: ['order'], limit: 10 }

it('an instance that was told of a message but never woken is found by the next claim', async () => {
  const database = await open()
  const { commit } = createCommit(database)
  const { instance } = startLeased()
  const [begun] = await commit([startLeased(instance, { asks: [subscribeTo('news', 'broadcast')] })])
  const row = { id: instance.id, epoch: 1, nextSeq: demand(begun, 'accepted').nextSeq }
  await commit([transition(row, parked({ waits: [messageWait('news')] }))])
  // what a waker leaves that died after telling the wait, while another one skipped the row it held
  await database.transaction((sql) => sql.run('UPDATE workflow_waits SET hit_seq = 1'))
  const { instances } = await createClaim(database).claim(request)
  expect(instances).toMatchObject([{ row: { id: instance.id, epoch: 2, leaseOwner: 'worker-2' }, takenOver: false }])
  expect((await createClaim(database).claim(request)).instances).toEqual([])
})

it('a look that finds nothing due is one statement and no transaction', async () => {
  const database = await open()
  const started = startLeased()
  const { commit } = createCommit(database)
  await commit([started, startLeased()])
  await commit([transition({ id: started.instance.id, epoch: 1, nextSeq: 1 }, completed())])
  const before = { ...database.metrics }
  const { instances, nextWakeAt } = await createClaim(database).claim(request)
  expect({ instances, nextWakeAt }).toEqual({ instances: [], nextWakeAt: START + 30_000 })
  expect(database.metrics).toEqual({ ...before, statements: before.statements + 1 })
})
