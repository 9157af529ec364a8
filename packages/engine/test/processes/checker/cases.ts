/** What can go wrong with instances and their activities: I1–I15. */
import { snapshot } from './instances'
import { sample } from './sample'
import { type Case, effect, event, events, instance, one } from './spoil'

export const INSTANCE_CASES: readonly Case[] = [
  {
    invariant: 'I1',
    wrong: 'a recorded event has changed since it was seen',
    says: 'order#1 has changed',
    spoil(world) {
      world.previous = new Map(snapshot(sample()))
      event(world, 'order', 1).data = { result: 'other' }
    },
  },
  {
    invariant: 'I1',
    wrong: 'a number is missing',
    says: 'order: numbers 1,3',
    spoil: (world) =>
      world.history.set(
        'order',
        events(world, 'order').filter(({ seq }) => seq !== 2),
      ),
  },
  {
    invariant: 'I2',
    wrong: 'an event was written under an older epoch',
    says: 'order#3: epoch 0 after 1',
    spoil(world) {
      event(world, 'order', 3).epoch = 0
    },
  },
  {
    invariant: 'I2',
    wrong: 'two workers hold one epoch',
    says: 'order epoch 1: w1 (1) and w2 (2)',
    spoil(world) {
      effect(world, 'order/act:2', 2, 'begin').epoch = 1
    },
  },
  {
    invariant: 'I2',
    wrong: 'a former owner begins something',
    says: 'order act:1: began under epoch 1 after 2 had begun',
    spoil: (world) => world.effects.push({ ...effect(world, 'order/act:1', 1, 'begin'), t: 900 }),
  },
  {
    invariant: 'I3',
    wrong: 'an acknowledged start is gone',
    says: 'gone: acknowledged, and not there',
    spoil: (world) =>
      world.calls.push({ op: 'start', target: 'gone', key: undefined, outcome: 'ok', answer: 'gone', askedAt: 1 }),
  },
  {
    invariant: 'I3',
    wrong: 'a lease ran out and nobody came',
    says: 'waiter (waiter, running): its lease has ended',
    spoil(world) {
      Object.assign(instance(world, 'waiter'), { status: 'running', leaseOwner: 'w1', leaseUntil: 1 })
    },
  },
  {
    invariant: 'I3',
    wrong: 'a timer is long due',
    says: 'waiter (waiter, waiting_for_message): due since 1',
    spoil(world) {
      instance(world, 'waiter').wakeAt = 1
    },
  },
  {
    invariant: 'I3',
    wrong: 'it waits for nothing',
    says: 'waits for nothing',
    spoil(world) {
      instance(world, 'waiter').pending = null
    },
  },
  {
    invariant: 'I4',
    wrong: 'it completed although it was decided to fail',
    says: 'trip: completed, decided as failed',
    spoil(world) {
      Object.assign(instance(world, 'trip'), { status: 'completed', output: '1' })
    },
  },
  {
    invariant: 'I4',
    wrong: 'a caller was told another end',
    says: 'order: completed, its caller was told failed',
    spoil(world) {
      one(world.calls, ({ op }) => op === 'result').answer = 'failed'
    },
  },
  {
    invariant: 'I4',
    wrong: 'an accepted cancel came to nothing',
    says: 'order: cancel was accepted, and it is completed',
    spoil(world) {
      one(world.calls, ({ op }) => op === 'cancel').answer = 'true'
    },
  },
  {
    invariant: 'I5',
    wrong: 'a result is recorded that no run gave',
    says: 'order act:1: recorded "invented", which no run gave',
    spoil(world) {
      event(world, 'order', 1).data = { activityName: 'act', result: 'invented' }
    },
  },
  {
    invariant: 'I5',
    wrong: 'a recorded activity ran again',
    says: 'order act:1: recorded under epoch 1 (attempt 1), it ran again under epoch 2',
    spoil: (world) =>
      world.effects.push({
        ...effect(world, 'order/act:2', 2, 'begin'),
        activityId: 'act:1',
        idempotencyKey: 'order/act:1',
      }),
  },
  {
    invariant: 'I5',
    wrong: 'two calls share an idempotency key',
    says: 'idempotency key order/act:1 was given to',
    spoil(world) {
      effect(world, 'trip/reserve:1', 1, 'begin').idempotencyKey = 'order/act:1'
    },
  },
  {
    invariant: 'I6',
    wrong: 'the row of a recorded activity is missing',
    says: 'booking/book:1: recorded, 0 rows',
    spoil(world) {
      world.ledger = []
    },
  },
  {
    invariant: 'I6',
    wrong: 'a row stays of an activity that is not recorded',
    says: 'other/book:1: a row, and not recorded',
    spoil: (world) => world.ledger?.push('other/book:1'),
  },
  {
    invariant: 'I7',
    wrong: 'an attempt number is given twice',
    says: 'order/act:2: attempt 1 began 2 times, epochs 1, 2',
    spoil(world) {
      effect(world, 'order/act:2', 2, 'begin').attempt = 1
    },
  },
  {
    invariant: 'I7',
    wrong: 'a retry came too soon',
    says: 'trip/compensation_2: attempt 2 began 5.0 ms after the failure',
    spoil(world) {
      effect(world, 'trip/compensation_2', 2, 'begin').t = 40
    },
  },
  {
    invariant: 'I7',
    wrong: 'it failed oftener than allowed',
    says: 'trip/compensation_2: failed 4 times, 3 allowed',
    spoil(world) {
      const failure = effect(world, 'trip/compensation_2', 1, 'throw')
      world.effects.push(...[11, 12, 13].map((attempt) => ({ ...failure, attempt })))
    },
  },
  {
    invariant: 'I7',
    wrong: 'it was given up too late',
    says: 'trip/compensation_2: gave up after 4 attempts of 3',
    spoil(world) {
      const retryMetadata = { totalAttempts: 4, exhausted: true }
      Object.assign(event(world, 'trip', 3), {
        activityId: 'compensation_2',
        type: 'ActivityFailed',
        data: { activityName: 'compensation_2', error: {}, retryMetadata },
      })
    },
  },
  {
    invariant: 'I8',
    wrong: 'a replay differs',
    says: 'order: asks for something else',
    spoil(world) {
      world.replays = [{ instanceId: 'order', divergence: 'asks for something else' }]
    },
  },
  {
    invariant: 'I10',
    wrong: 'compensations ran first first',
    says: 'trip: executed 1, 2',
    spoil(world) {
      event(world, 'trip', 4).data = { name: 'undo', compensationSeq: 1 }
      event(world, 'trip', 5).data = { name: 'undo', compensationSeq: 2 }
    },
  },
  {
    invariant: 'I10',
    wrong: 'two compensations ran at once',
    says: 'trip: compensation 1 began before 2 had ended',
    spoil(world) {
      effect(world, 'trip/compensation_1', 1, 'begin').t = 32
    },
  },
  {
    invariant: 'I10',
    wrong: 'a workflow that completed was undone',
    says: 'order: completed, and compensated',
    spoil(world) {
      const undo = effect(world, 'trip/compensation_1', 1, 'begin')
      world.effects.push({ ...undo, instance: 'order', idempotencyKey: 'order/compensation_1' })
    },
  },
  {
    invariant: 'I11',
    wrong: 'a failed compensation does not show',
    says: 'trip: failed, compensation completed',
    spoil(world) {
      one(world.compensations.get('trip') ?? [], ({ seq }) => seq === 1).state = 'failed'
    },
  },
  {
    invariant: 'I11',
    wrong: 'an end came before all was undone',
    says: '1 registered',
    spoil(world) {
      one(world.compensations.get('trip') ?? [], ({ seq }) => seq === 1).state = 'registered'
    },
  },
  {
    invariant: 'I12',
    wrong: 'a timer is recorded before it is due',
    says: 'order sleep:1: due 1750000000005, fired 1750000000002',
    spoil(world) {
      event(world, 'order', 2).data = { timerId: 'sleep:1', dueAt: 1_750_000_000_005 }
    },
  },
  {
    invariant: 'I12',
    wrong: 'what comes after a sleep came too soon',
    says: 'order: act:2 came',
    spoil(world) {
      effect(world, 'order/act:2', 1, 'begin').t = 100
    },
  },
  {
    invariant: 'I13',
    wrong: 'a call was answered twice',
    says: 'order act:2 false: #2 ActivityCompleted, #3 ActivityCompleted',
    spoil(world) {
      Object.assign(event(world, 'order', 2), { activityId: 'act:2', type: 'ActivityCompleted' })
    },
  },
  {
    invariant: 'I14',
    wrong: 'a chain forks',
    says: 'first: recurred, followed by second, fork',
    spoil: (world) => world.instances.push({ ...instance(world, 'second'), id: 'fork' }),
  },
  {
    invariant: 'I14',
    wrong: 'a chain ends in nothing',
    says: 'first: recurred, followed by nothing',
    spoil(world) {
      instance(world, 'second').continuedFrom = null
    },
  },
  {
    invariant: 'I15',
    wrong: 'two callers were told different instances for one id',
    says: 'order: callers were told order and other',
    spoil: (world) => world.calls.push({ ...one(world.calls, ({ op }) => op === 'start'), answer: 'other' }),
  },
]
