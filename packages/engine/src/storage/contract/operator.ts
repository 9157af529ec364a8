/** Operator verbs: what each does, when it is refused, that it fences the owner and leaves its audit row in the same step. */
import { expect, it } from 'vitest'
import type { OperatorVerb, TransitionBody } from '../storage'
import {
  activityCompleted,
  auditEntry,
  completed,
  event,
  eventWait,
  failed,
  freshId,
  LEASE_MS,
  messageWait,
  parked,
  START,
  start,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

const suspend: OperatorVerb = { type: 'suspend', reason: 'look into it' }
const resume: OperatorVerb = { type: 'resume' }
const retry = { type: 'retry', supersedes: [1, 2], by: 'ada', reason: 'fixed' } as const

export function operatorContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const operate = (id: string, verb: OperatorVerb) =>
    fixture.storage.operate(id, verb, { now: fixture.clock.now(), audit: null })
  const error = '{"name":"Error","message":"boom"}'
  const workflowFailed = event('WorkflowFailed', 'workflow', { error: { name: 'Error', message: 'boom' } })

  it.each([suspend, resume, retry])('$type of an unknown instance is not found', async (verb) => {
    expect(await operate('nobody', verb)).toEqual({ kind: 'not-found' })
  })

  it('suspend takes the lease away, fences the owner and stops every wake-up', async () => {
    const row = await fixture.startLeased()
    const outcome = await operate(row.id, suspend)
    const expected = {
      ...row,
      status: 'suspended',
      suspendReason: 'look into it',
      epoch: 2,
      leaseOwner: null,
      leaseUntil: null,
      wakeAt: null,
      updatedAt: START,
    }
    const leased = [{ instanceId: row.id, leaseOwner: 'worker-1' }]
    expect(outcome).toMatchObject({ kind: 'done', row: expected, wakes: { ready: [], leased } })
    expect(await fixture.row(row.id)).toEqual(expected)
    await fixture.commit(transition(row, { events: [activityCompleted()] }), 'lost')
    fixture.clock.advance(10 * LEASE_MS)
    expect(await fixture.claim()).toEqual([])
  })

  it('a pending instance can be suspended before it ever runs', async () => {
    const unit = start()
    await fixture.commit(unit, 'accepted')
    expect(await operate(unit.instance.id, suspend)).toMatchObject({
      kind: 'done',
      row: { status: 'suspended', epoch: 1 },
    })
    expect(await fixture.claim()).toEqual([])
  })

  it('resume makes it due at once under a new epoch', async () => {
    const row = await fixture.startLeased({}, { events: [activityCompleted()] })
    await operate(row.id, suspend)
    const outcome = await operate(row.id, resume)
    expect(outcome).toMatchObject({
      kind: 'done',
      row: { status: 'running', epoch: 3, wakeAt: START, leaseOwner: null, suspendReason: null },
      wakes: { ready: [{ instanceId: row.id, workflowName: 'order' }] },
    })
    const [claimed] = await fixture.claim()
    expect(claimed).toMatchObject({ takenOver: false, row: { id: row.id, epoch: 4, nextSeq: 2 } })
  })

  it('resume forgets what led to the suspension: reason and error', async () => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, { status: 'suspended', lease: 'release', suspendReason: 'code changed', error })
    expect(row).toMatchObject({ status: 'suspended', error })
    expect(await operate(id, resume)).toMatchObject({ row: { error: null, suspendReason: null } })
  })

  it('resume forgets earlier takeovers', async () => {
    const { id } = await fixture.startLeased()
    fixture.clock.advance(LEASE_MS)
    await fixture.claim()
    await operate(id, suspend)
    expect(await operate(id, resume)).toMatchObject({ row: { takeovers: 0 } })
  })

  it('resume makes it running, whatever it was: its history tells the owner whether to replay or to go on compensating', async () => {
    const { id } = await fixture.startLeased()
    await fixture.apply(id, { status: 'compensating', compensationState: 'pending' })
    await operate(id, suspend)
    expect(await operate(id, resume)).toMatchObject({
      row: { status: 'running', error: null, compensationState: 'pending' },
    })
  })

  it.each<[string, Partial<TransitionBody>, OperatorVerb]>([
    ['suspend a completed', completed(), suspend],
    ['suspend a failed', failed(), suspend],
    ['resume a completed', completed(), resume],
    ['resume a running', {}, resume],
    ['retry a running', {}, retry],
    ['retry a completed', completed(), retry],
    ['retry a compensated', { ...failed(), compensationState: 'completed' }, retry],
    ['retry a half-compensated', { ...failed(), compensationState: 'failed' }, retry],
  ])('nobody can %s instance', async (_, state, verb) => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, state)
    const outcome = await operate(id, verb)
    expect(outcome).toEqual({ kind: 'refused', row, why: expect.stringMatching(/\S/) })
    expect(await fixture.row(id)).toEqual(row)
    expect(await fixture.events(id)).toEqual([])
  })

  it('nobody is suspended twice', async () => {
    const { id } = await fixture.startLeased()
    await operate(id, suspend)
    expect(await operate(id, suspend)).toMatchObject({ kind: 'refused' })
  })

  it('retry reopens a failed instance and says which events it supersedes', async () => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, { events: [activityCompleted(), workflowFailed], ...failed(error) })
    fixture.clock.advance(1_000)
    const outcome = await operate(id, retry)
    expect(outcome).toMatchObject({ kind: 'done', wakes: { ready: [{ instanceId: id, workflowName: 'order' }] } })
    expect(await fixture.row(id)).toEqual({
      ...row,
      status: 'running',
      epoch: row.epoch + 1,
      nextSeq: 4,
      output: null,
      error: null,
      wakeAt: START + 1_000,
      updatedAt: START + 1_000,
      completedAt: null,
    })
    const [, , retried] = await fixture.events(id)
    expect(retried).toMatchObject({
      seq: 3,
      type: 'WorkflowRetried',
      data: { supersedes: [1, 2], by: 'ada', reason: 'fixed' },
    })
    expect(await fixture.claim()).toHaveLength(1)
  })

  it('a retried instance is subscribed again to what its history says', async () => {
    const id = freshId('instance')
    await fixture.startLeased({ id }, { asks: [subscribeTo('news', 'broadcast'), subscribeTo('left', 'broadcast')] })
    const unsubscribed = event('Unsubscribed', 'unsubscribe_left:1', { channel: 'left' })
    await fixture.apply(id, { events: [unsubscribed], unsubscribe: ['left'] })
    await fixture.publish('news', 'read')
    await fixture.apply(id, { waits: [messageWait('news')] })
    await fixture.publish('news', 'unread')
    await fixture.apply(id, { events: [workflowFailed], ...failed() })
    expect(await fixture.storage.subscriptions(id)).toEqual([])
    await operate(id, { ...retry, supersedes: [5] })
    expect(await fixture.storage.subscriptions(id)).toEqual([{ channel: 'news', mode: 'broadcast', cursor: 1, lag: 1 }])
    const [claimed] = await fixture.claim()
    const unit = transition(claimed?.row ?? (await fixture.row(id)), { waits: [messageWait('news', 'receive_news:2')] })
    const { answers } = await fixture.commit(unit, 'accepted')
    expect(answers.map((answer) => JSON.parse(answer.data).data)).toEqual(['unread'])
  })

  it('a verb leaves its audit row, with the statuses before and after when none are given', async () => {
    const { id } = await fixture.startLeased()
    const audit = auditEntry(id, { action: 'instance.suspend' })
    await fixture.storage.operate(id, suspend, { now: START, audit })
    const [entry] = await fixture.storage.audits({ target: id, limit: 10 })
    expect(entry).toMatchObject({ ...audit, before: expect.any(String), after: expect.any(String), at: START })
    expect(JSON.parse(entry?.before ?? '')).toMatchObject({ status: 'running' })
    expect(JSON.parse(entry?.after ?? '')).toMatchObject({ status: 'suspended' })
  })

  it('a verb that is refused or finds nobody leaves none', async () => {
    const { id } = await fixture.startLeased({}, completed())
    await fixture.storage.operate(id, suspend, { now: START, audit: auditEntry(id) })
    await fixture.storage.operate('nobody', suspend, { now: START, audit: auditEntry('nobody') })
    expect(await fixture.storage.audits({ limit: 10 })).toEqual([])
  })

  it('a retried instance leaves alone a channel that got another mode meanwhile', async () => {
    const { id } = await fixture.startLeased({}, { asks: [subscribeTo('news', 'broadcast')] })
    await fixture.apply(id, { events: [workflowFailed], ...failed() })
    await fixture.startLeased({}, { asks: [subscribeTo('news', 'competing')] })
    expect(await operate(id, retry)).toMatchObject({ kind: 'done' })
    expect(await fixture.storage.subscriptions(id)).toEqual([])
    expect(await fixture.storage.channelStats('news')).toMatchObject([{ mode: 'competing' }])
  })

  it('a suspended instance keeps its waits', async () => {
    const { id } = await fixture.startLeased({}, parked({ waits: [eventWait('paid')] }))
    await operate(id, suspend)
    expect(await fixture.storage.waits({ instanceId: id, limit: 10 })).toHaveLength(1)
  })
}
