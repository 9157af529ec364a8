/** The canned instances: one carefully told story of each kind, then as many variations as asked for. */
import { type Canned, make } from './canned'
import { failure, Story } from './histories'
import { createRandom } from './random'

const order = (n: number, cents = 4_990) => ({
  orderId: `A-${n}`,
  cents,
  express: n % 3 === 0,
  channel: 'web',
  customer: {
    name: 'Ragnhild Lodbrok',
    email: 'ragnhild@example.com',
    address: { street: 'Bryggen 5', city: 'Bergen', country: 'NO' },
  },
  items: [
    { sku: 'BOOK-EDDA', quantity: 1 },
    { sku: 'MUG-RUNE', quantity: 2 },
    { sku: 'MAP-1220', quantity: 1 },
  ],
})

function paid(n: number, startedAt: number): Story {
  return new Story(startedAt)
    .activity('reserveInventory', 1, 120, order(n), { reservationId: `r-${n}` })
    .compensable('releaseInventory', 'reserveInventory:1', {
      input: { orderId: `A-${n}` },
      output: { reservationId: `r-${n}` },
    })
    .wait(30)
    .activity('chargeCard', 1, 6_400, { orderId: `A-${n}`, cents: 4_990 }, { id: `pay_${n}`, captured: true }, [
      '503 from the card gateway',
      '503 from the card gateway',
    ])
    .compensable('refundCard', 'chargeCard:1', { input: { orderId: `A-${n}` }, output: { id: `pay_${n}` } })
}

export function waitingOrder(n: number, startedAt: number): Canned {
  const story = paid(n, startedAt)
  story.open({ id: 'receive_order.approved:1', kind: 'event', name: 'order.approved', where: { orderId: `A-${n}` } })
  story.open({ id: 'sleep:1', kind: 'timer', name: 'sleep:1', dueAt: new Date(story.now + 86_400_000) })
  return make({
    id: `order-A-${n}`,
    workflow: 'orderWorkflow',
    status: 'waiting_for_event',
    startedAt,
    input: order(n),
    story,
    tags: { customer: 'ragnhild', region: 'nordics' },
    verdict: {
      headline: 'Waiting for event order.approved',
      why: `No event order.approved with orderId = "A-${n}" has arrived. Nothing is broken: a person or another service has to send it.`,
      severity: 'info',
      next: {
        what: 'The race is lost to the timer sleep:1, and the order fails',
        at: new Date(story.now + 86_400_000),
      },
      suggestedActions: [
        { action: 'send-event', label: 'Send order.approved', target: 'order.approved', where: { orderId: `A-${n}` } },
      ],
    },
    more: { state: { step: 'awaiting approval', reservationId: `r-${n}` } },
    extra: {
      subscriptions: [{ channel: 'order.approved', mode: 'broadcast', cursor: 41, lag: 0 }],
      relations: {
        parent: null,
        children: [
          {
            instanceId: `invoice-A-${n}`,
            workflowName: 'flakyPayment',
            status: 'completed',
            startedAt: new Date(startedAt + 1_000),
          },
        ],
        chain: [],
        forkedFrom: null,
        forks: [],
      },
    },
  })
}

export function shippedOrder(n: number, startedAt: number): Canned {
  const story = paid(n, startedAt)
    .wait(3_600_000)
    .add('EventReceived', 'receive_order.approved:1', 'order.approved', {
      type: 'order.approved',
      source: '/backoffice',
      id: `ev-${n}`,
      extensions: {},
      data: { orderId: `A-${n}`, by: 'sigurd' },
    })
    .activity('pickItem', 1, 820, { sku: 'BOOK-EDDA' }, { shelf: 'B4' })
    .activity('pickItem', 2, 640, { sku: 'MUG-RUNE' }, { shelf: 'C1' })
    .activity('pickItem', 3, 710, { sku: 'MAP-1220' }, { shelf: 'A9' })
    .activity('sendReceipt', 1, 300, { to: 'ragnhild@example.com' }, { messageId: 'm-1' })
    .activity('printLabel', 1, 900, { orderId: `A-${n}` }, { label: 'PDF' })
  return make({
    id: `order-A-${n}`,
    workflow: 'orderWorkflow',
    status: 'completed',
    startedAt,
    input: order(n),
    output: { status: 'shipped', reservationId: `r-${n}`, paymentId: `pay_${n}` },
    story,
    tags: { customer: 'ragnhild', region: 'nordics' },
    verdict: { headline: 'Completed', why: 'All steps are recorded and the result is stored.', severity: 'ok' },
  })
}

export function failedSaga(n: number, startedAt: number): Canned {
  const late = failure('TerminalError', 'not approved in time')
  const refused = failure(
    'RetryExhaustedError',
    'Compensation refundCard failed after 5 attempts: 402 refund window closed',
    failure('HttpError', '402 refund window closed'),
  )
  const story = paid(n, startedAt)
    .wait(86_400_000)
    .add('TimerExpired', 'sleep:1', 'sleep:1', { timerId: 'sleep:1', dueAt: startedAt + 86_406_550 })
    .add('WorkflowFailed', 'workflow', null, { error: late } as never, { failed: true })
    .wait(31_000)
    .add(
      'CompensationFailed',
      'compensation:2',
      'refundCard',
      { name: 'refundCard', compensationSeq: 2, error: refused } as never,
      { failed: true, attempts: 5 },
    )
    .wait(400)
    .add(
      'CompensationExecuted',
      'compensation:1',
      'releaseInventory',
      { name: 'releaseInventory', compensationSeq: 1 },
      { attempts: 1 },
    )
  const [first, second] = story.compensations
  if (first && second) {
    story.compensations[0] = { ...first, state: 'executed', attempts: 1, executedAt: new Date(story.now) }
    story.compensations[1] = { ...second, state: 'failed', attempts: 5, lastError: refused }
  }
  return make({
    id: `order-A-${n}`,
    workflow: 'orderWorkflow',
    status: 'failed',
    startedAt,
    input: order(n),
    error: late,
    story,
    tags: { customer: 'bjorn', region: 'nordics' },
    verdict: {
      headline: 'Failed, and the compensation refundCard failed too',
      why: 'not approved in time. releaseInventory was undone; refundCard gave up after 5 attempts: 402 refund window closed.',
      severity: 'critical',
      next: {
        what: 'Nothing by itself: retry the compensation, skip it, or mark it done once you refunded by hand',
        at: null,
      },
      suggestedActions: [
        { action: 'retry-compensation', label: 'Retry refundCard', target: '2', where: null },
        { action: 'fork', label: 'Start again from a step', target: null, where: null },
      ],
    },
    more: { compensationState: 'failed' },
  })
}

export function failedPayment(n: number, startedAt: number, message = 'ECONNRESET talking to bank-api:8443'): Canned {
  const cause = failure('HttpError', message)
  const error = failure('RetryExhaustedError', `Activity charge failed after 5 attempts: ${message}`, cause)
  const story = new Story(startedAt)
    .fail('charge', 1, 31_000, { account: `NO-${n}`, cents: 12_500 }, error, 5)
    .activity('notifySupport', 1, 210, { account: `NO-${n}` }, { ticket: 4711 + n })
    .add('WorkflowFailed', 'workflow', null, { error } as never, { failed: true })
  return make({
    id: `pay-${n.toString(16).padStart(6, '0')}`,
    workflow: 'flakyPayment',
    status: 'failed',
    startedAt,
    input: { account: `NO-${n}`, cents: 12_500 },
    error,
    story,
    verdict: {
      headline: 'Failed in charge',
      why: `charge gave up after 5 attempts: ${message}`,
      severity: 'critical',
      next: { what: 'Nothing by itself. Retry goes on from charge; what completed is kept', at: null },
      suggestedActions: [{ action: 'retry', label: 'Retry from charge', target: null, where: null }],
    },
  })
}

export function retryingPayment(n: number, startedAt: number, now: number): Canned {
  const story = new Story(startedAt)
  story.now = now - 4_000
  story.open({
    id: 'charge:1',
    kind: 'activity',
    name: 'charge',
    attempt: 4,
    firstAttemptAt: new Date(startedAt),
    dueAt: new Date(now + 26_000),
    errors: [1, 2, 3].map((attempt) => ({
      attempt,
      errorType: 'HttpError',
      message: '503 from bank-api',
      at: new Date(startedAt + attempt * 8_000),
    })),
    heartbeat: { page: 3 },
  })
  return make({
    id: `pay-${n.toString(16).padStart(6, '0')}`,
    workflow: 'flakyPayment',
    status: 'running',
    startedAt,
    input: { account: `NO-${n}`, cents: 8_800 },
    story,
    verdict: {
      headline: 'Between attempts of charge',
      why: 'Attempt 3 failed: HttpError: 503 from bank-api.',
      severity: 'attention',
      next: { what: 'Attempt 4 of charge', at: new Date(now + 26_000) },
      suggestedActions: [{ action: 'cancel', label: 'Cancel', target: null, where: null }],
    },
    extra: { lease: { workerId: 'shop-7f9c-1', until: new Date(now + 240_000), workerAlive: true } },
  })
}

export function suspendedReport(n: number, startedAt: number): Canned {
  const story = new Story(startedAt)
    .activity('list shards', 1, 90, { day: '2026-11-22' }, ['eu', 'us', 'ap'])
    .activity('exportShard', 2, 3_000, 'us', { rows: 18_220 })
    .activity('exportShard', 1, 3_600, 'eu', { rows: 40_121 })
  return make({
    id: `report-2026-11-${n}`,
    workflow: 'nightlyReport',
    status: 'suspended',
    startedAt,
    input: { day: `2026-11-${n}` },
    story,
    verdict: {
      headline: 'Suspended: the code no longer fits the history',
      why: 'The recorded event 2 (exportShard:2) was not asked for by today’s code, which asked for loadShard:1 instead.',
      severity: 'attention',
      next: { what: 'It is tried again when a worker with other code registers, or on resume', at: null },
      suggestedActions: [
        { action: 'check-code', label: 'Check against today’s code', target: null, where: null },
        { action: 'resume', label: 'Resume', target: null, where: null },
      ],
    },
    more: { suspendReason: 'Expected exportShard:2, the code asked for loadShard:1' },
  })
}

export function jobsWorker(n: number, startedAt: number, jobs: number): Canned {
  const random = createRandom(n)
  const story = new Story(startedAt)
  story.add('Subscribed', 'subscribe_jobs:1', 'jobs', { channel: 'jobs', mode: 'competing', cursor: 0 })
  for (let i = 1; i <= jobs; i++) {
    story.wait(random.between(40, 900))
    story.add('ChannelMessageReceived', `receive_jobs:${i}`, 'jobs', {
      id: `m-${i}`,
      channel: 'jobs',
      data: { url: `https://cdn.example/${i}.png` },
      metadata: {},
      publishedAt: story.now - 20,
    })
    story.activity(
      'resizeImage',
      i,
      random.between(30, 1_200),
      { url: `https://cdn.example/${i}.png` },
      { width: 640 },
      random.chance(0.06) ? ['timeout after 1 s'] : [],
    )
  }
  story.open({ id: `receive_jobs:${jobs + 1}`, kind: 'message', name: 'jobs', dueAt: new Date(story.now + 3_600_000) })
  return make({
    id: `jobs-worker-${n}`,
    workflow: 'imageJobs',
    status: 'waiting_for_message',
    startedAt,
    input: { worker: n },
    story,
    verdict: {
      headline: 'Waiting for a message on jobs',
      why: 'The channel jobs holds nothing that this worker may take.',
      severity: 'ok',
      next: { what: 'receive_jobs times out', at: new Date(story.now + 3_600_000) },
      suggestedActions: [{ action: 'send-message', label: 'Publish to jobs', target: 'jobs', where: null }],
    },
    extra: { subscriptions: [{ channel: 'jobs', mode: 'competing', cursor: jobs, lag: 0 }] },
  })
}
