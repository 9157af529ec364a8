/** Chains and families: a successor inherits in the same step; a parent hears of its children's ends, and its own end reaches them. */
import { expect, it } from 'vitest'
import type { ChannelMode } from '../../model/history'
import type { NewInstance, TransitionBody } from '../storage'
import {
  activityCompleted,
  completed,
  eventWait,
  failed,
  freshId,
  known,
  messageWait,
  newInstance,
  parked,
  START,
  sendTo,
  startChild,
  subscribeTo,
  transition,
} from './builders'
import { type MakeStorage, useStorage } from './fixture'

export function recurAndChildrenContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)

  const recur = async (id: string, overrides: Partial<NewInstance> = {}) => {
    const successor = newInstance({ continuedFrom: id, ...overrides })
    const unit = transition(await fixture.row(id), { status: 'recurred', lease: 'release', recur: successor })
    const verdict = await fixture.commit(unit, 'accepted')
    return { ...verdict, id: successor.id }
  }
  /** Claims the instance and opens one wait; what it is answered with. */
  const receive = async (id: string, channel: string) => {
    await fixture.claim({ instanceIds: [id] })
    const wait = messageWait(channel, freshId('receive'))
    const { answers } = await fixture.commit(transition(await fixture.row(id), { waits: [wait] }), 'accepted')
    return answers.map((answer) => JSON.parse(answer.data).data)
  }
  const subscriber = async (channel: string, mode: ChannelMode) =>
    (await fixture.startLeased({}, { asks: [subscribeTo(channel, mode)] })).id

  it('a recur ends the instance and starts its successor in one step', async () => {
    const parent = await fixture.startLeased()
    const old = await fixture.startLeased({ tags: '{"a":"b"}', parentId: parent.id, parentClosePolicy: 'cancel' })
    const next = await recur(old.id, { input: '2' })
    expect(next.wakes.ready).toEqual([{ instanceId: next.id, workflowName: 'order' }])
    expect(await fixture.row(old.id)).toMatchObject({
      status: 'recurred',
      completedAt: START,
      wakeAt: null,
      leaseOwner: null,
    })
    expect(await fixture.row(next.id)).toMatchObject({
      status: 'pending',
      input: '2',
      epoch: 0,
      nextSeq: 1,
      wakeAt: START,
      chainId: old.id,
      continuedFrom: old.id,
      parentId: parent.id,
      parentClosePolicy: 'cancel',
      tags: '{"a":"b"}',
    })
  })

  it('every id of a chain leads to its head', async () => {
    const { id } = await fixture.startLeased()
    const second = await recur(id)
    await fixture.claim()
    const third = await recur(second.id)
    for (const member of [id, second.id, third.id]) expect((await fixture.storage.chainHead(member))?.id).toBe(third.id)
    expect((await fixture.row(third.id)).chainId).toBe(id)
    expect((await fixture.storage.instances({ chainId: id, limit: 10 })).map((row) => row.id)).toHaveLength(3)
  })

  it('a cancel follows the chain', async () => {
    const { id } = await fixture.startLeased()
    const next = await recur(id)
    const verb = { type: 'cancel', by: 'ada', reason: null } as const
    expect(await fixture.storage.operate(id, verb, { now: START, audit: null })).toMatchObject({
      kind: 'done',
      row: { id: next.id },
    })
    expect(await fixture.row(next.id)).toMatchObject({ cancelRequestedBy: 'ada' })
  })

  it('who has ended is known for many ids at once, chains followed', async () => {
    const [done, live, first] = [
      await fixture.startLeased({}, completed('1')),
      await fixture.startLeased(),
      await fixture.startLeased(),
    ]
    const next = await recur(first.id)
    const endings = async () => {
      const found = await fixture.storage.ended([done.id, live.id, first.id, 'nobody'])
      return found.map(({ id, row }) => [id, row.id, row.status]).toSorted()
    }
    expect(await endings()).toEqual([[done.id, done.id, 'completed']])
    await fixture.claim()
    await fixture.apply(next.id, failed())
    expect(await endings()).toEqual([
      [done.id, done.id, 'completed'],
      [first.id, next.id, 'failed'],
    ])
    expect(await fixture.storage.ended([])).toEqual([])
  })

  it('a broadcast subscription and its position pass on, as the first event of the successor', async () => {
    const id = await subscriber('news', 'broadcast')
    await fixture.publish('news', 'read')
    expect(await receive(id, 'news')).toEqual(['read'])
    await fixture.publish('news', 'unread')
    const next = await recur(id)
    expect(await fixture.events(next.id)).toEqual([
      {
        seq: 1,
        activityId: 'inherited_news',
        type: 'Subscribed',
        data: { channel: 'news', mode: 'broadcast', cursor: 1, inherited: true },
      },
    ])
    expect((await fixture.row(next.id)).nextSeq).toBe(2)
    expect(await fixture.storage.subscriptions(id)).toEqual([])
    expect(await receive(next.id, 'news')).toEqual(['unread'])
    expect(await receive(next.id, 'news')).toEqual([])
  })

  it('a competing subscription passes on', async () => {
    const id = await subscriber('jobs', 'competing')
    await fixture.publish('jobs', 'job')
    const next = await recur(id)
    expect(await fixture.events(next.id)).toMatchObject([
      { data: { channel: 'jobs', mode: 'competing', inherited: true } },
    ])
    expect(await receive(next.id, 'jobs')).toEqual(['job'])
  })

  it('the position of an event condition passes on', async () => {
    const where = { lane: 'a' }
    const { id } = await fixture.startLeased({}, { waits: [eventWait('paid', where)] })
    await fixture.publish('paid', { lane: 'a', n: 1 })
    await fixture.publish('paid', { lane: 'a', n: 2 })
    await fixture.apply(id, { waits: [known(eventWait('paid', where))], poll: true })
    const next = await recur(id)
    expect(await fixture.events(next.id)).toMatchObject([{ type: 'Subscribed', data: { channel: 'paid', cursor: 0 } }])
    await fixture.claim()
    const unit = transition(await fixture.row(next.id), { waits: [eventWait('paid', where)] })
    const { answers } = await fixture.commit(unit, 'accepted')
    expect(answers.map((answer) => JSON.parse(answer.data).data)).toEqual([{ lane: 'a', n: 2 }])
  })

  it('a recur whose successor exists already fails and writes nothing', async () => {
    const row = await fixture.startLeased()
    const taken = await fixture.startLeased()
    const unit = transition(row, { status: 'recurred', lease: 'release', recur: newInstance({ id: taken.id }) })
    await fixture.commit(unit, 'failed')
    expect(await fixture.row(row.id)).toEqual(row)
    expect(await fixture.row(taken.id)).toEqual(taken)
  })

  // ---------------------------------------------------------------- children

  const parentOf = async (policy: NewInstance['parentClosePolicy'] = 'cancel') => {
    const parent = await fixture.startLeased()
    const child = newInstance({ workflowName: 'child', parentId: parent.id, parentClosePolicy: policy })
    const verdict = await fixture.commit(transition(parent, { asks: [startChild(child)] }), 'accepted')
    return { parentId: parent.id, childId: child.id, verdict }
  }
  const awaiting = (childId: string): Partial<TransitionBody> => ({
    children: [{ activityId: 'child:1:result', childId }],
  })

  it('a child is born pending with its parent, and the start is answered', async () => {
    const { parentId, childId, verdict } = await parentOf()
    expect(verdict.wakes.ready).toEqual([{ instanceId: childId, workflowName: 'child' }])
    expect(await fixture.events(parentId)).toEqual([
      { seq: 1, activityId: 'child_child:1', type: 'ChildStarted', data: { childId, workflowName: 'child' } },
    ])
    expect(await fixture.row(childId)).toMatchObject({ status: 'pending', parentId, parentClosePolicy: 'cancel' })
  })

  it('a taken child id is refused in the answer', async () => {
    const taken = await fixture.startLeased()
    const parent = await fixture.startLeased({}, { asks: [startChild(newInstance({ id: taken.id }))] })
    expect(await fixture.events(parent.id)).toMatchObject([
      {
        type: 'ChildStarted',
        data: {
          childId: taken.id,
          workflowName: 'order',
          error: { name: 'InstanceExistsError', code: 'INSTANCE_EXISTS' },
        },
      },
    ])
    expect(await fixture.row(taken.id)).toEqual(taken)
  })

  it.each<[string, Partial<TransitionBody>, object]>([
    ['completed', completed('{"n":1}'), { status: 'completed', result: { n: 1 } }],
    [
      'failed',
      failed('{"name":"TerminalError","message":"no"}'),
      { status: 'failed', error: { name: 'TerminalError', message: 'no' } },
    ],
    [
      'cancelled',
      { status: 'cancelled', lease: 'release' },
      { status: 'cancelled', cancel: { by: null, reason: null } },
    ],
  ])('a parent that waits is woken by a child that %s, and reads how', async (_, end, outcome) => {
    const { parentId, childId } = await parentOf()
    await fixture.apply(parentId, parked({ status: 'waiting_for_child', ...awaiting(childId) }))
    expect((await fixture.row(parentId)).wakeAt).toBeNull()
    const [child] = await fixture.claim({ workflowNames: ['child'] })
    const { wakes } = await fixture.commit(transition(child?.row ?? (await fixture.row(childId)), end), 'accepted')
    expect(wakes.ready).toEqual([{ instanceId: parentId, workflowName: 'order' }])
    const [parent] = await fixture.claim()
    const { answers } = await fixture.commit(
      transition(parent?.row ?? (await fixture.row(parentId)), { poll: true, ...awaiting(childId) }),
      'accepted',
    )
    expect(answers.map(({ activityId, type, data }) => [activityId, type, JSON.parse(data)])).toEqual([
      ['child:1:result', 'ChildCompleted', { childId, ...outcome }],
    ])
  })

  it('a parent does not park beside a child that has ended', async () => {
    const { parentId, childId } = await parentOf()
    const [child] = await fixture.claim({ workflowNames: ['child'] })
    const { wakes } = await fixture.commit(
      transition(child?.row ?? (await fixture.row(childId)), completed()),
      'accepted',
    )
    expect(wakes.leased).toEqual([{ instanceId: parentId, leaseOwner: 'worker-1' }])
    const row = await fixture.apply(parentId, parked({ status: 'waiting_for_child', ...awaiting(childId) }))
    expect(row).toMatchObject({ status: 'running', leaseOwner: 'worker-1', nextSeq: 3 })
  })

  it('the result of a child that recurs is that of its last successor', async () => {
    const { parentId, childId } = await parentOf()
    await fixture.apply(parentId, parked({ status: 'waiting_for_child', ...awaiting(childId) }))
    await fixture.claim({ workflowNames: ['child'] })
    const next = await recur(childId, { workflowName: 'child' })
    expect((await fixture.row(parentId)).wakeAt).toBeNull()
    await fixture.claim({ workflowNames: ['child'] })
    await fixture.apply(next.id, completed('"last"'))
    const [parent] = await fixture.claim()
    const { answers } = await fixture.commit(
      transition(parent?.row ?? (await fixture.row(parentId)), { poll: true, ...awaiting(childId) }),
      'accepted',
    )
    expect(answers.map((answer) => JSON.parse(answer.data))).toEqual([{ childId, status: 'completed', result: 'last' }])
  })

  it('the end of a parent cancels its children, those that are to be abandoned live on', async () => {
    const { parentId, childId } = await parentOf('cancel')
    const abandoned = newInstance({ workflowName: 'child', parentId, parentClosePolicy: 'abandon' })
    const ended = newInstance({ workflowName: 'child', parentId, parentClosePolicy: 'cancel', wakeAt: START - 1 })
    const asks = [startChild(abandoned, 'child:2'), startChild(ended, 'child:3')]
    await fixture.commit(transition(await fixture.row(parentId), { asks }), 'accepted')
    await fixture.claim({ workflowNames: ['child'], instanceIds: [ended.id] })
    await fixture.apply(ended.id, completed())
    const { wakes } = await fixture.commit(transition(await fixture.row(parentId), completed()), 'accepted')
    expect(wakes.ready).toEqual([{ instanceId: childId, workflowName: 'child' }])
    expect(await fixture.row(childId)).toMatchObject({
      status: 'pending',
      cancelRequestedAt: START,
      cancelRequestedBy: 'parent',
      cancelReason: `parent ${parentId} ended`,
      wakeAt: START,
    })
    for (const id of [abandoned.id, ended.id]) expect(await fixture.row(id)).toMatchObject({ cancelRequestedAt: null })
  })

  it('a child that compensates already is left to it', async () => {
    const { parentId, childId } = await parentOf('cancel')
    await fixture.claim({ workflowNames: ['child'] })
    const row = await fixture.apply(childId, { status: 'compensating', compensationState: 'pending' })
    await fixture.apply(parentId, completed())
    expect(await fixture.row(childId)).toEqual(row)
  })

  it('a child that was asked to cancel already keeps that request', async () => {
    const { parentId, childId } = await parentOf('cancel')
    const verb = { type: 'cancel', by: 'ada', reason: 'mistake' } as const
    await fixture.storage.operate(childId, verb, { now: START, audit: null })
    await fixture.apply(parentId, completed())
    expect(await fixture.row(childId)).toMatchObject({ cancelRequestedBy: 'ada', cancelReason: 'mistake' })
  })

  it('a parent that recurs keeps its children: they move to the successor', async () => {
    const { parentId, childId } = await parentOf('cancel')
    const next = await recur(parentId)
    expect(await fixture.row(childId)).toMatchObject({ parentId: next.id, cancelRequestedAt: null })
    await fixture.claim({ instanceIds: [next.id] })
    await fixture.apply(next.id, completed())
    expect(await fixture.row(childId)).toMatchObject({ cancelReason: `parent ${next.id} ended` })
  })

  it('a unit that asks for an answer does not end in the same step', async () => {
    const { id } = await fixture.startLeased()
    const row = await fixture.apply(id, { events: [activityCompleted()], asks: [sendTo('nobody', 1)], ...completed() })
    expect(row).toMatchObject({
      status: 'running',
      leaseOwner: 'worker-1',
      output: null,
      completedAt: null,
      nextSeq: 3,
    })
    expect(await fixture.apply(id, completed('1'))).toMatchObject({ status: 'completed', output: '1' })
  })
}
