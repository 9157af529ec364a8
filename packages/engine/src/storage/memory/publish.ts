/** What comes from outside: deliveries that commit together, each known by (source, id) and taken once. */
import type { Delivery, PublishUnit, Verdict } from '../storage'
import { sendMessage, settleChannels } from './channels'
import { Effects } from './effects'
import { insertInstance } from './instances'
import { writeAudit } from './registry'
import type { Database } from './tables'

export function applyPublish(db: Database, unit: PublishUnit): Verdict {
  const effects = new Effects(db)
  if (unit.audit) writeAudit(db, unit.audit)
  const deliveries = unit.deliveries.map((delivery) => deliver(db, delivery, effects))
  settleChannels(db, effects)
  return { kind: 'published', deliveries, wakes: effects.wakes() }
}

function deliver(db: Database, { inbox, messages, starts, handlers = 0 }: Delivery, effects: Effects) {
  if (inbox && db.tables.inbox.get(inbox.source, inbox.id)) return { duplicate: true, receivers: [] }
  const receivers = [...new Set(messages.flatMap((message) => sendMessage(db, message, effects)))]
  const started: string[] = []
  for (const instance of starts) {
    if (db.tables.instances.get(instance.id)) continue
    insertInstance(db, instance)
    effects.born(instance.id, instance.workflowName, instance.wakeAt)
    started.push(instance.id)
  }
  if (inbox) {
    const routedTo = JSON.stringify({ started, receivers, handlers })
    db.tables.inbox.put({ ...inbox, seq: db.nextNumber('inbox'), routedTo })
  }
  return { duplicate: false, receivers }
}
