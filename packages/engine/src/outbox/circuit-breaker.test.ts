import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CircuitBreaker, type Outcome } from './circuit-breaker'

function breaker(threshold: number) {
  const clock = { now: 1_000_000 }
  const circuit = new CircuitBreaker(threshold, () => clock.now)
  const pass = (outcome: Outcome): number => {
    const admission = circuit.enter()
    if (!admission.admitted) return admission.retryAfterMs
    admission.done(outcome)
    return 0
  }
  return { circuit, clock, pass }
}

describe('the circuit breaker', () => {
  test('opens after so many failures in a row', () => {
    const { pass } = breaker(3)
    expect([pass('dead'), pass('dead'), pass('dead'), pass('alive'), pass('alive')]).toEqual([0, 0, 0, 1_000, 1_000])
  })

  test('counts only failures in a row', () => {
    const { pass } = breaker(2)
    expect([pass('dead'), pass('alive'), pass('dead'), pass('alive'), pass('dead'), pass('alive')]).toEqual([
      0, 0, 0, 0, 0, 0,
    ])
  })

  test('takes no notice of requests that our own side broke off', () => {
    const { pass } = breaker(2)
    expect([pass('dead'), pass('unknown'), pass('unknown'), pass('dead'), pass('alive')]).toEqual([0, 0, 0, 0, 1_000])
  })

  test('doubles its opening after each failed probe, up to 30 s, and starts anew after a success', () => {
    const { pass, clock } = breaker(1)
    const openings: number[] = []
    for (let i = 0; i < 7; i++) {
      pass('dead')
      openings.push(pass('alive'))
      clock.now += openings.at(-1) ?? 0
    }
    expect(openings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect([pass('alive'), pass('dead'), pass('alive')]).toEqual([0, 0, 1_000])
  })

  test('lets one probe pass at a time', () => {
    const { circuit, clock, pass } = breaker(1)
    pass('dead')
    clock.now += 1_000
    const probe = circuit.enter()
    expect(pass('alive')).toBe(1_000)
    if (probe.admitted) probe.done('alive')
    expect(pass('alive')).toBe(0)
  })

  test('gives the next one a try when a probe was broken off', () => {
    const { clock, pass } = breaker(1)
    pass('dead')
    clock.now += 1_000
    expect([pass('unknown'), pass('alive'), pass('alive')]).toEqual([0, 0, 0])
  })

  test('opens once for requests that were under way together', () => {
    const { circuit, pass } = breaker(2)
    const together = Array.from({ length: 8 }, () => circuit.enter())
    for (const admission of together) if (admission.admitted) admission.done('dead')
    expect(pass('alive')).toBe(1_000)
  })

  test('closes when a request from before the opening succeeds', () => {
    const { circuit, pass } = breaker(1)
    const before = circuit.enter()
    pass('dead')
    if (before.admitted) before.done('alive')
    expect(pass('alive')).toBe(0)
  })

  test('keeps a pause that was asked for, whatever was under way', () => {
    const { circuit, clock, pass } = breaker(1)
    const before = circuit.enter()
    circuit.pause(5_000)
    circuit.pause(3_000)
    if (before.admitted) before.done('alive')
    expect(pass('alive')).toBe(5_000)
    clock.now += 5_000
    expect([pass('alive'), pass('alive')]).toEqual([0, 0])
  })

  test('ends an opening when the clock steps back', () => {
    const { clock, pass } = breaker(1)
    pass('dead')
    clock.now -= 3_600_000
    expect(pass('alive')).toBe(0)
  })

  test('never closes for good: after a bounded wait something passes', () => {
    const outcome = fc.constantFrom<Outcome>('alive', 'dead', 'unknown')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(outcome, { maxLength: 50 }), (threshold, outcomes) => {
        const { clock, pass } = breaker(threshold)
        for (const next of outcomes) {
          const wait = pass(next)
          expect(wait).toBeLessThanOrEqual(30_000)
          clock.now += wait
          if (wait > 0) expect(pass(next)).toBe(0)
        }
      }),
      { numRuns: 300 },
    )
  })
})
