/** What can go wrong around instances: messages, the outbox, the leader, the schema, listings, the audit, leaks. */
import { type Case, event, events, one } from './spoil'

export const OUTSIDE_CASES: readonly Case[] = [
  {
    invariant: 'M1',
    wrong: 'a subscriber missed a message',
    says: 'reader on news: got 3, there are 2, 3 after 1',
    spoil: (world) =>
      world.history.set(
        'reader',
        events(world, 'reader').filter(({ seq }) => seq !== 2),
      ),
  },
  {
    invariant: 'M1',
    wrong: 'a subscriber got a message twice',
    says: 'reader on news: got 2, 2',
    spoil(world) {
      event(world, 'reader', 3).data = { channel: 'news', id: 'n2' }
    },
  },
  {
    invariant: 'M2',
    wrong: 'a message from before the subscription',
    says: 'reader on news: got 1, subscribed at 1',
    spoil(world) {
      event(world, 'reader', 2).data = { channel: 'news', id: 'n1' }
    },
  },
  {
    invariant: 'M3',
    wrong: 'two consumers of one message',
    says: 'jobs/j1: recorded by order#4 and taker#2',
    spoil: (world) => events(world, 'order').push({ ...event(world, 'taker', 2), seq: 4 }),
  },
  {
    invariant: 'M4',
    wrong: 'a message lies beside somebody who waits for it',
    says: 'waiter receive_jobs:1 waits on jobs beside #9',
    spoil: (world) => world.messages.push({ ...one(world.messages, () => true), channel: 'jobs', id: 'j9', seq: 9 }),
  },
  {
    invariant: 'M5',
    wrong: 'a message reached somebody else',
    says: 'news/n2 for order: recorded by reader#2',
    spoil(world) {
      one(world.messages, ({ id }) => id === 'n2').targetInstanceId = 'order'
    },
  },
  {
    invariant: 'M6',
    wrong: 'a channel has two modes',
    says: 'news: competing and broadcast',
    spoil: (world) =>
      events(world, 'order').push({
        ...event(world, 'reader', 1),
        data: { channel: 'news', mode: 'competing', cursor: 3 },
      }),
  },
  {
    invariant: 'M7',
    wrong: 'an acknowledged message is nowhere',
    says: 'news/n9: ok, and not there',
    spoil(world) {
      one(world.calls, ({ op }) => op === 'publish').answer = 'n9'
    },
  },
  {
    invariant: 'M7',
    wrong: 'an event was taken in twice',
    says: 'event s c1: 2 rows',
    spoil: (world) => world.inbox.push({ ...one(world.inbox, () => true), seq: 2 }),
  },
  {
    invariant: 'O1',
    wrong: 'an event was sent that never committed',
    says: 'ghost: sent, and no row',
    spoil: (world) => world.deliveries?.push({ t: 9, id: 'ghost', partitionKey: null, hash: 'z' }),
  },
  {
    invariant: 'O1',
    wrong: 'a published event was never sent',
    says: 'e2: published, and never sent',
    spoil: (world) => void world.deliveries?.pop(),
  },
  {
    invariant: 'O2',
    wrong: 'copies differ',
    says: 'e1: 2 different copies',
    spoil(world) {
      one(world.deliveries ?? [], ({ t }) => t === 2).hash = 'changed'
    },
  },
  {
    invariant: 'O3',
    wrong: 'events of one key overtook each other',
    says: 'key k: left in order 2, 1',
    spoil(world) {
      one(world.deliveries ?? [], ({ t }) => t === 3).t = 0
    },
  },
  {
    invariant: 'O4',
    wrong: 'an event lies about',
    says: 'e2: pending, due since 5',
    spoil(world) {
      Object.assign(
        one(world.outbox, ({ id }) => id === 'e2'),
        { status: 'pending', nextAttemptAt: 5 },
      )
    },
  },
  {
    invariant: 'O5',
    wrong: 'an event was given up without a reason',
    says: 'e2: failed without a reason',
    spoil(world) {
      one(world.outbox, ({ id }) => id === 'e2').status = 'failed'
    },
  },
  {
    invariant: 'L1',
    wrong: 'a former leader acts',
    says: 'w1 of term 1 acts after term 2',
    spoil: (world) => world.leaders?.effects.push({ t: 900, term: 1, worker: 'w1' }),
  },
  {
    invariant: 'L2',
    wrong: 'nobody led for too long',
    says: 'no leader for 4500 ms',
    spoil: (world) => world.leaders?.effects.push({ t: 5_000, term: 3, worker: 'w1' }),
  },
  {
    invariant: 'S1',
    wrong: 'a migration was applied twice',
    says: '0001: finished, finished',
    spoil: (world) => world.migrations?.push({ name: '0001', isFinished: true }),
  },
  {
    invariant: 'A1',
    wrong: 'a page showed a row again',
    says: 'order: listed 2 times',
    spoil: (world) => world.listing.push('order'),
  },
  {
    invariant: 'A2',
    wrong: 'an act left no trace',
    says: 'r1 on order: ok, 0 audit rows',
    spoil(world) {
      world.audits = []
    },
  },
  {
    invariant: 'R1',
    wrong: 'a transaction is still open',
    says: 'open transaction: 42',
    spoil: (world) => world.leftovers?.push('open transaction: 42'),
  },
]
