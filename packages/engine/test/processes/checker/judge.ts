/** The checker: every invariant of the project over one body of evidence, and a report that a person can read. */
import { activityInvariants } from './activities'
import type { Evidence } from './evidence'
import { chainInvariants, instanceInvariants } from './instances'
import { type Invariant, judged, type Verdict } from './invariant'
import { outsideInvariants } from './outside'

export const INVARIANTS: readonly Invariant[] = [
  ...instanceInvariants,
  ...activityInvariants,
  ...chainInvariants,
  ...outsideInvariants,
]

export interface Report {
  readonly verdicts: readonly Verdict[]
  readonly isClean: boolean
  readonly text: string
}

const SHOWN = 10

export function check(evidence: Evidence): Report {
  const verdicts = INVARIANTS.map((invariant) => judged(invariant, evidence))
  const violated = verdicts.filter(({ violations }) => violations.length > 0)
  return {
    verdicts,
    isClean: violated.length === 0,
    text: textOf(evidence, verdicts, violated),
  }
}

/** What is wrong comes first: whoever cuts the report still reads that. */
function textOf(evidence: Evidence, verdicts: readonly Verdict[], violated: readonly Verdict[]): string {
  const fine = verdicts.filter(({ violations, checked }) => violations.length === 0 && checked > 0)
  const unseen = verdicts.filter(({ violations, checked }) => violations.length === 0 && checked === 0)
  const verdict = violated.length === 0 ? 'nothing violated' : `${violated.length} violated: ${idsOf(violated)}`
  return [
    `${verdict} (${sizeOf(evidence)})`,
    ...violated.flatMap(paragraphOf),
    ...fine.map(
      ({ id, statement, checked }) => `ok ${id.padEnd(3)} ${String(checked).padStart(6)} checked  ${statement}`,
    ),
    ...(unseen.length > 0 ? [`nothing to look at: ${unseen.map(whyUnseen).join(', ')}`] : []),
  ].join('\n')
}

function sizeOf({ instances, history, effects, calls }: Evidence): string {
  const events = [...history.values()].reduce((sum, all) => sum + all.length, 0)
  return `${instances.length} instances, ${events} events, ${effects.length} effects, ${calls.length} calls`
}

function paragraphOf({ id, statement, checked, violations }: Verdict): string[] {
  const more = violations.length > SHOWN ? [`     … and ${violations.length - SHOWN} more`] : []
  return [
    `VIOLATED ${id} ${violations.length} of ${checked}: ${statement}`,
    ...violations.slice(0, SHOWN).map((text) => `     ${text}`),
    ...more,
  ]
}

function whyUnseen({ id, unseen }: Verdict): string {
  return unseen ? `${id} (${unseen})` : id
}

const idsOf = (verdicts: readonly Verdict[]): string => verdicts.map(({ id }) => id).join(', ')
