import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WorkflowContext } from '../model/context'
import { holds, jsonValue, RUNS } from '../testing/arbitraries'
import { execution, expired, history, workflowWith } from '../testing/builders'
import { deterministicId, drain, SeededRandom } from './determinism'
import { snapshot } from './snapshot'

const sources = (seed: string, n: number) => {
  const random = new SeededRandom(seed)
  return Array.from({ length: n }, () => random.next())
}

describe('chance', () => {
  test('is the same for the same seed, and another for another', () => {
    holds([fc.string(), fc.string()], (one, two) => {
      expect(sources(one, 5)).toEqual(sources(one, 5))
      expect(JSON.stringify(sources(one, 5)) === JSON.stringify(sources(two, 5))).toBe(one === two)
    })
  })

  test('is from 0 to below 1, and spread evenly', () => {
    holds([fc.string()], (seed) => {
      for (const value of sources(seed, 20)) {
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThan(1)
      }
    })
    const tenths = new Array<number>(10).fill(0)
    for (const value of sources('spread', 10_000))
      tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] ?? 0) + 1
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })

  test('makes ids of UUID version 4 form, all different', () => {
    holds([fc.string()], (seed) => {
      const random = new SeededRandom(seed)
      const ids = Array.from({ length: 10 }, () => random.uuid())
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(new Set(ids).size).toBe(10)
    })
  })

  test('does not change between releases: running instances depend on it', () => {
    const random = new SeededRandom('order-1')
    expect([
      random.next(),
      random.next(),
      random.uuid(),
      deterministicId('order-1', 'publish_news:1'),
    ]).toMatchInlineSnapshot(`
      [
        0.16316922730766237,
        0.5325263403356075,
        "607352b1-55bc-4645-ae54-0187ed3cce08",
        "2eefet6uxvp0n4wahckw51",
      ]
    `)
  })
})

describe('chance in a workflow', () => {
  const drawing = async (ctx: WorkflowContext) => {
    const first = [ctx.random(), ctx.uuid()]
    await ctx.sleep(1)
    return [...first, ctx.random(), ctx.uuid(), ctx.now().getTime()]
  }
  const drawn = async (init: { instanceId?: string; seed?: string }, isReplay: boolean) => {
    const run = execution(workflowWith(drawing), init)
    const [event] = history(expired('sleep:1'))
    if (!event) throw new Error('no event')
    if (isReplay) await run.replay([event], [])
    else {
      await run.start()
      await run.deliver(event)
    }
    return run.outcome
  }

  test('is the same live and on replay, and another for another instance', () =>
    fc.assert(
      fc.asyncProperty(fc.uuid(), fc.uuid(), async (one, two) => {
        expect(await drawn({ instanceId: one }, true)).toEqual(await drawn({ instanceId: one }, false))
        if (one !== two)
          expect(await drawn({ instanceId: two }, true)).not.toEqual(await drawn({ instanceId: one }, true))
      }),
      RUNS,
    ))

  test('is that of the source in a fork', async () => {
    expect(await drawn({ instanceId: 'fork', seed: 'source' }, true)).toEqual(
      await drawn({ instanceId: 'source' }, false),
    )
  })
})

describe('ids of messages and children', () => {
  test('are the same for the same call of the same instance, and no others', () => {
    const text = fc.string({ maxLength: 20 })
    holds([text, text, text, text], (a, b, c, d) => {
      fc.pre(!`${a}${b}${c}${d}`.includes('\u0000'))
      expect(deterministicId(a, b) === deterministicId(c, d)).toBe(a === c && b === d)
    })
  })
})

describe('a drain', () => {
  test('ends after every promise job that is ready, those they make included', async () => {
    const said: number[] = []
    const busy = async () => {
      for (let tick = 0; tick < 100; tick++) {
        await null
        said.push(tick)
      }
    }
    void busy()
    await drain()
    expect(said).toHaveLength(100)
  })

  test('is shared by those who begin it in one turn, and another for the next', async () => {
    const [one, two] = [drain(), drain()]
    await Promise.all([one, two])
    let isOver = false
    const next = drain().then(() => {
      isOver = true
    })
    await null
    expect(isOver).toBe(false)
    await next
  })
})

describe('a snapshot', () => {
  test('is what JSON would store, and shares nothing', () => {
    holds([jsonValue], (value) => {
      expect(snapshot(value)).toEqual(value)
      if (typeof value === 'object' && value !== null) expect(snapshot(value)).not.toBe(value)
    })
  })

  test.each([
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a class', Object.assign(new (class Money {})(), { cents: 5 }), { cents: 5 }],
    ['undefined', undefined, undefined],
  ])('of %s', (_, value, expected) => {
    expect(snapshot(value)).toEqual(expected)
  })

  test('of bytes is a copy', () => {
    const bytes = Uint8Array.of(1, 2)
    expect(snapshot(bytes)).toEqual(bytes)
    expect(snapshot(bytes)).not.toBe(bytes)
  })

  test('of what has no JSON form is the thing itself', () => {
    const odd = [{ a: 1n }, () => 1, Symbol('s'), { toJSON: () => undefined }]
    expect(odd.map(snapshot)).toEqual(odd)
  })
})
