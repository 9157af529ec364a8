/** The checker is itself checked: each invariant is shown a world in which one thing is wrong, and must say which. */
import { describe, expect, test } from 'vitest'
import { INSTANCE_CASES } from './checker/cases'
import { OUTSIDE_CASES } from './checker/cases-outside'
import { check, INVARIANTS } from './checker/judge'
import { sample } from './checker/sample'
import { effect, event, instance, spoilt } from './checker/spoil'
import type { Effect } from './logs'

const CASES = [...INSTANCE_CASES, ...OUTSIDE_CASES]

/** Needs other evidence than a database and logs can give; the report says so. */
const ELSEWHERE = ['I9']

describe('the checker', () => {
  test('finds nothing where nothing is wrong, and looks at everything', () => {
    const { verdicts, isClean, text } = check(sample())
    expect(isClean, text).toBe(true)
    expect(verdicts.filter(({ checked }) => checked === 0).map(({ id }) => id)).toEqual([...ELSEWHERE, 'M5', 'O5'])
  })

  test('has a case for every invariant that it can check', () => {
    const covered = new Set([...CASES.map(({ invariant }) => invariant), ...ELSEWHERE])
    expect(INVARIANTS.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([])
  })

  test.for(CASES.map((one) => [one.invariant, one.wrong, one] as const))('%s: %s', ([id, , { spoil, says }]) => {
    const report = check(spoilt(spoil))
    const verdict = report.verdicts.find((one) => one.id === id)
    expect(verdict?.violations.join('\n')).toContain(says)
    expect(report.isClean).toBe(false)
    expect(report.text).toContain(says)
  })

  test('a failure that was lost with its process uses up no attempt', () => {
    const world = spoilt((one) => {
      const [begin, failure] = ['begin', 'throw'].map((kind) => effect(one, 'trip/compensation_2', 1, kind))
      // each epoch an attempt fails, and its process is killed before it can say so
      for (const epoch of [2, 3, 4, 5]) {
        const lost = { epoch, attempt: epoch + 1, worker: `w${epoch}0`, pid: epoch * 10 }
        one.effects.push(
          { ...begin, ...lost, t: epoch * 100 } as Effect,
          { ...failure, ...lost, t: epoch * 100 + 5 } as Effect,
        )
      }
    })
    expect(check(world).verdicts.find(({ id }) => id === 'I7')?.violations).toEqual([])
  })

  test('an attempt that ended and whose COMMIT failed may run again: history counts the failure', () => {
    const world = (retryMetadata: object) =>
      spoilt((one) => {
        for (const kind of ['begin', 'end']) {
          const first = effect(one, 'booking/book:1', 1, kind)
          one.effects.push({ ...first, attempt: 2, t: first.t + 100 })
        }
        Object.assign(event(one, 'booking', 1).data, retryMetadata)
      })
    expect(check(world({ retryMetadata: { totalAttempts: 2, exhausted: false } })).isClean).toBe(true)
    expect(check(world({})).text).toContain('booking book:1: recorded under epoch 1 (attempt 1), it ran again')
  })

  test('says what is wrong before all else, so that a cut report still tells', () => {
    const { text } = check(spoilt((world) => void instance(world, 'order').nextSeq++))
    expect(text.split('\n').slice(0, 3)).toEqual([
      expect.stringContaining('1 violated: I1'),
      expect.stringContaining('VIOLATED I1'),
      expect.stringContaining('order: numbers'),
    ])
  })

  test('without quiet it does not complain of what is still under way', () => {
    const world = spoilt((one) => {
      one.isQuiet = false
      Object.assign(instance(one, 'waiter'), { status: 'running', leaseOwner: 'w1', leaseUntil: 1 })
    })
    expect(check(world).isClean).toBe(true)
  })
})
