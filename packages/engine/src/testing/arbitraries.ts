/** What properties quantify over: JSON values, conditions, policies, errors, workflow programs. */
import fc from 'fast-check'
import type { JsonValue } from '../model/json'
import type { Where } from '../model/match'
import type { Step } from './program'

/** Runs of each property; a long run sets EDDA_PROPERTY_RUNS. */
export const RUNS = { numRuns: Number(process.env.EDDA_PROPERTY_RUNS ?? 300) }

/** What JSON text can hold, so that decoding gives it back as it is. */
export const jsonValue: fc.Arbitrary<JsonValue> = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue)

const pathName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/)
export const path = fc.array(pathName, { minLength: 1, maxLength: 4 }).map((names) => names.join('.'))
export const scalar = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
)
export const where: fc.Arbitrary<Where> = fc.dictionary(path, scalar, { maxKeys: 4, noNullPrototype: true })

/** Text of any UTF-16 units, unpaired surrogates included. */
export const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })

/** A property, run as often as {@link RUNS} says. */
export function holds<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  check: (...values: Values) => void,
): void {
  const assertion = (...values: Values): void => void check(...values)
  fc.assert(fc.property(...arbitraries, assertion), RUNS)
}

// ---------------------------------------------------------------- programs

const NAMES = ['a', 'b', 'c', 'd'] as const
const CHANNELS = ['jobs', 'news'] as const
const timeout = fc.option(fc.integer({ min: 1, max: 60 }))

const waits: readonly fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('activity' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ do: fc.constant('activity' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ do: fc.constant('run' as const), name: fc.constantFrom('inline', 'a') }),
  fc.record({ do: fc.constant('sleep' as const), seconds: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ do: fc.constant('sleepUntil' as const), offsetMs: fc.integer({ min: -5_000, max: 20_000 }) }),
  fc.record({ do: fc.constant('waitEvent' as const), type: fc.constantFrom('paid', 'jobs'), timeout }),
  fc.record({ do: fc.constant('receive' as const), channel: fc.constantFrom(...CHANNELS), timeout }),
  fc.constant<Step>({ do: 'call' }),
]
const asks: readonly fc.Arbitrary<Step>[] = [
  fc.record({
    do: fc.constant('subscribe' as const),
    channel: fc.constantFrom(...CHANNELS),
    mode: fc.constantFrom('broadcast' as const, 'competing' as const, 'direct' as const),
  }),
  fc.record({ do: fc.constant('sendTo' as const), target: fc.constantFrom('order-2', 'order-3') }),
  fc.constant<Step>({ do: 'startChild' }),
]
const inlines: readonly fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('publish' as const), channel: fc.constantFrom(...CHANNELS) }),
  fc.record({ do: fc.constant('setState' as const), value: fc.nat(9) }),
  fc.record({ do: fc.constant('setTags' as const), value: fc.constantFrom('x', 'y') }),
  fc.record({ do: fc.constant('registerCompensation' as const), args: fc.nat(9) }),
  fc.constant<Step>({ do: 'clearCompensations' }),
  fc.record({ do: fc.constant('unsubscribe' as const), channel: fc.constantFrom(...CHANNELS) }),
]
const others: readonly fc.Arbitrary<Step>[] = [
  fc.constant<Step>({ do: 'observe' }),
  fc.record({ do: fc.constant('log' as const), text: fc.constantFrom('one', 'two') }),
  fc.record({ do: fc.constant('throw' as const), text: fc.constantFrom('oops', 'no') }),
]

export interface ProgramOptions {
  /** Default true. */
  readonly inline?: boolean
  /** Default true. */
  readonly asks?: boolean
  /** Default false: what `patched` says depends on where a history was cut. */
  readonly patched?: boolean
  /** Default true: `throw` steps. */
  readonly throws?: boolean
}

/** A workflow program; its first step waits, so that there is a history. */
export function program(options: ProgramOptions = {}): fc.Arbitrary<Step> {
  const { inline = true, asks: hasAsks = true, patched = false, throws = true } = options
  const leaves = fc.oneof(
    ...waits,
    ...(hasAsks ? asks : []),
    ...(inline ? inlines : []),
    ...(throws ? others : others.slice(0, 2)),
  )
  const { body } = fc.letrec<{ body: Step; seq: Step }>((tie) => {
    const inner = tie('body')
    const branches = fc.array(inner, { minLength: 1, maxLength: 3 })
    const combined = fc.record({
      do: fc.constantFrom('all' as const, 'allSettled' as const, 'any' as const, 'race' as const, 'ctxRace' as const),
      branches,
    })
    const guarded = fc.record({
      do: fc.constant('try' as const),
      body: inner,
      handler: inner,
      finalizer: inner,
    })
    const repeated = fc.record({
      do: fc.constantFrom('loop' as const, 'retry' as const),
      times: fc.integer({ min: 1, max: 3 }),
      body: inner,
    })
    const nested = [
      tie('seq'),
      fc.record({ do: fc.constant('helper' as const), body: inner }),
      combined,
      combined,
      guarded,
      repeated,
      ...(patched
        ? [
            fc.record({
              do: fc.constant('patched' as const),
              id: fc.constantFrom('p', 'q'),
              body: inner,
              otherwise: inner,
            }),
          ]
        : []),
    ]
    return {
      seq: fc.record({ do: fc.constant('seq' as const), steps: fc.array(inner, { minLength: 1, maxLength: 4 }) }),
      body: fc.oneof({ maxDepth: 3, depthIdentifier: 'program' }, leaves, ...nested),
    }
  })
  return fc
    .tuple(fc.oneof(...waits), fc.array(body, { minLength: 1, maxLength: 4 }))
    .map(([first, rest]) => ({ do: 'seq', steps: [first, ...rest] }))
}
