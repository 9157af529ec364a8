import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holds } from '../testing/arbitraries'
import { ANSWERS_OF, type Command, INLINE_EVENT_OF, isInline } from './command'
import { INLINE_EVENTS, RECORD_EVENTS } from './history'
import {
  canTransition,
  generatedId,
  INSTANCE_STATUSES,
  type InstanceStatus,
  isInstanceStatus,
  isTerminal,
  isWaiting,
} from './instance'

const LIVE = 'running waiting_for_event waiting_for_timer waiting_for_message waiting_for_child suspended'
const ENDS = 'completed failed cancelled recurred'

describe('the status table', () => {
  test.each<[InstanceStatus, string]>([
    ['pending', `${LIVE} compensating ${ENDS}`],
    ['running', `${LIVE} compensating ${ENDS}`],
    ['waiting_for_event', `${LIVE} compensating ${ENDS}`],
    ['waiting_for_timer', `${LIVE} compensating ${ENDS}`],
    ['waiting_for_message', `${LIVE} compensating ${ENDS}`],
    ['waiting_for_child', `${LIVE} compensating ${ENDS}`],
    ['suspended', `${LIVE} pending compensating ${ENDS}`],
    ['compensating', 'compensating suspended failed cancelled'],
    ['completed', ''],
    ['failed', 'running compensating'],
    ['cancelled', 'compensating'],
    ['recurred', ''],
  ])('from %s one transition reaches: %s', (from, expected) => {
    const reached = INSTANCE_STATUSES.filter((to) => canTransition(from, to))
    expect(reached.sort()).toEqual(expected.split(' ').filter(Boolean).sort())
  })

  test('each status is live, waiting or terminal as its name says', () => {
    const facts = (status: InstanceStatus) => [isTerminal(status), isWaiting(status)]
    expect(Object.fromEntries(INSTANCE_STATUSES.map((status) => [status, facts(status)]))).toEqual({
      pending: [false, false],
      running: [false, false],
      waiting_for_event: [false, true],
      waiting_for_timer: [false, true],
      waiting_for_message: [false, true],
      waiting_for_child: [false, true],
      compensating: [false, false],
      suspended: [false, false],
      completed: [true, false],
      failed: [true, false],
      cancelled: [true, false],
      recurred: [true, false],
    })
  })

  test('every live status reaches an end', () => {
    for (const status of INSTANCE_STATUSES.filter((one) => !isTerminal(one)))
      expect(INSTANCE_STATUSES.some((to) => isTerminal(to) && canTransition(status, to))).toBe(true)
  })

  test.each([
    ['running', true],
    ['Running', false],
    ['', false],
    ['constructor', false],
  ])('%j is a status: %s', (text, expected) => {
    expect(isInstanceStatus(text)).toBe(expected)
  })
})

describe('an id that the engine makes', () => {
  test('has at most 150 characters, all whole, and keeps what makes it unique', () => {
    const unique = fc.stringMatching(/^[0-9a-z]{22,36}$/)
    holds([fc.string({ unit: 'binary', minLength: 1, maxLength: 75 }), fc.nat(150), unique], (name, repeat, end) => {
      const long = name.repeat(1 + (repeat % 4)).slice(0, 150)
      fc.pre(!/\p{Cs}/u.test(long))
      const id = generatedId(long, end)
      expect(id.length).toBeLessThanOrEqual(150)
      expect(id).not.toMatch(/\p{Cs}/u)
      expect(id.endsWith(`-${end}`)).toBe(true)
      if (long.length + 1 + end.length <= 150) expect(id).toBe(`${long}-${end}`)
    })
    expect(generatedId(`x${'😀'.repeat(70)}`, 'y'.repeat(22))).toBe(`x${'😀'.repeat(63)}-${'y'.repeat(22)}`)
    expect(generatedId('n'.repeat(127), 'y'.repeat(22))).toHaveLength(150)
    expect(generatedId('n'.repeat(128), 'y'.repeat(22))).toHaveLength(150)
  })
})

describe('events', () => {
  test('are inline, answers or for the record, and never both the first and the last', () => {
    const answers = new Set(Object.values(ANSWERS_OF).flat())
    expect(Object.values(INLINE_EVENT_OF).toSorted()).toEqual([...INLINE_EVENTS].toSorted())
    expect([...RECORD_EVENTS].filter((type) => INLINE_EVENTS.has(type) || answers.has(type))).toEqual([])
  })

  test('of inline commands are told from those that wait', () => {
    const command = (type: string) => ({ type, activityId: 'a:1' }) as unknown as Command
    for (const type of Object.keys(INLINE_EVENT_OF)) expect(isInline(command(type))).toBe(true)
    for (const type of [...Object.keys(ANSWERS_OF), 'Withdraw']) expect(isInline(command(type))).toBe(false)
  })
})
