import { expect, it, onTestFinished } from 'vitest'
import { virtualClock } from '../../../test/virtual-clock'
import { eventWait, message, parked, startLeased } from '../contract/builders'
import { KnownChannels, loadExistingChannels } from './channels-load'
import { createCommit } from './commit'
import type { Sql } from './database'
import { createSqliteDatabase } from './sqlite/database'

it('what another flush learns while this one waits for its locks does not make its own guess right', async () => {
  const database = await createSqliteDatabase({ dbUrl: ':memory:', clock: virtualClock().now })
  await database.open({ autoMigrate: true })
  onTestFinished(() => database.close())
  const wait = eventWait('paid', { order: 'o1' })
  const waiting = startLeased({}, parked({ status: 'waiting_for_event', waits: [wait] }))
  await createCommit(database).commit([waiting])
  const known = new KnownChannels()
  known.remember({ name: 'paid', mode: 'broadcast', nextSeq: 1, shapes: [], hasOthers: false })
  const learning = (sql: Sql): Sql => ({
    run: sql.run,
    async all(text, params) {
      const rows = await sql.all(text, params)
      known.remember({ name: 'paid', mode: 'broadcast', nextSeq: 1, shapes: [wait.shape], hasOthers: false })
      return rows
    },
  })
  const sent = message('paid', { order: 'o1' })
  const wanted = {
    names: new Set(['paid']),
    instances: new Set<string>(),
    messages: [sent],
    leaving: new Set<string>(),
  }
  const told = await database.transaction(async (sql) => {
    const channels = await loadExistingChannels(learning(sql), database.dialect, wanted, known)
    return channels?.send(sent)
  })
  expect(told).toEqual([waiting.instance.id])
})
