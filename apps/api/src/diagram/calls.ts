/**
 * What one call means: a method of the context, a free function that forwards to it, an activity (whoever is given the context first), a native
 * combinator, or a helper written inside the workflow. Knows names and arguments, not control flow.
 */
import type { CallExpression, Expression, Node, ObjectExpression, SpreadElement } from 'acorn'
import type { NodeKind } from './diagram'
import type { ParsedSource } from './parse'

export interface CallMeaning {
  readonly kind: NodeKind
  readonly label: string
  readonly name: string | null
  readonly activityPrefix: string | null
}
type Argument = Expression | SpreadElement | undefined

interface Verb {
  readonly kind: NodeKind
  /** What the label says before the first argument. */
  readonly says: string
  /**
   * Prefix of the ids that the engine gives (replay/context.ts). `*` is the first argument if it is a literal, `@` also its name if it is a variable:
   * definitions are mostly called what their variable is called.
   */
  readonly ids: string | null
  /** Member of the options object that gives an id of its own. */
  readonly ownId: string | null
}

const verb = (kind: NodeKind, says: string, ids: string | null, ownId: string | null = null): Verb => ({
  kind,
  says,
  ids,
  ownId,
})
const VERBS = new Map<string, Verb>([
  ['sleep', verb('sleep', 'sleep', 'sleep', 'timerId')],
  ['sleepUntil', verb('sleep', 'sleep until', 'sleep_until', 'timerId')],
  ['waitEvent', verb('wait-event', 'wait for', 'receive_*', 'eventId')],
  ['receive', verb('receive', 'receive', 'receive_*', 'messageId')],
  ['publish', verb('publish', 'publish', 'publish_*')],
  ['sendTo', verb('send', 'send to', 'send_to___direct__')],
  ['sendEvent', verb('publish', 'send event', null)],
  ['startChild', verb('child', 'start', 'child_@')],
  ['call', verb('child', 'call', 'child_@')],
  ['run', verb('run', '', '*', 'activityId')],
  ['registerCompensation', verb('compensation', 'on failure', 'compensation_@')],
  ['recur', verb('recur', 'recur', null)],
])
/** Calls on the context that change no flow. */
const QUIET = new Set([
  'subscribe',
  'unsubscribe',
  'setTags',
  'setState',
  'patched',
  'now',
  'random',
  'uuid',
  'clearCompensations',
])
/** Verbs that exist as free functions too: `sleep(ctx, …)`. */
const FREE = new Set([...VERBS.keys(), ...QUIET].filter((name) => !['startChild', 'call', 'run'].includes(name)))

/** @returns null for a call that is none of the engine's business, or one that changes no flow */
export function meaningOf(call: CallExpression, source: ParsedSource): CallMeaning | null {
  const { callee, arguments: args } = call
  if (callee.type === 'MemberExpression' && isContext(callee.object, source)) {
    const name = memberName(callee)
    const known = name === null ? undefined : VERBS.get(name)
    return known ? ofVerb(known, args, source) : null
  }
  if (!isContext(args[0], source)) return null
  const name = calleeName(callee)
  if (name === null) return null
  const isFree = callee.type === 'Identifier' && FREE.has(name)
  if (!isFree) return activity(name, args)
  const known = VERBS.get(name)
  return known ? ofVerb(known, args.slice(1), source) : null
}

/** `all`, `race`, `any`, `allSettled` of Promise; `race` of the context. */
export function combinatorOf(
  call: CallExpression,
  source: ParsedSource,
): { readonly kind: 'parallel' | 'race'; readonly label: string } | null {
  const { callee } = call
  if (callee.type !== 'MemberExpression') return null
  const name = memberName(callee)
  if (callee.object.type === 'Identifier' && callee.object.name === 'Promise') {
    if (name === 'all' || name === 'allSettled')
      return { kind: 'parallel', label: name === 'all' ? 'all of' : 'all, settled' }
    if (name === 'race' || name === 'any')
      return { kind: 'race', label: name === 'race' ? 'first of' : 'first to succeed of' }
  }
  return name === 'race' && isContext(callee.object, source) ? { kind: 'race', label: 'first of' } : null
}

export function memberName(member: { readonly computed: boolean; readonly property: Node }): string | null {
  const { property } = member
  return !member.computed && property.type === 'Identifier' ? (property as Node & { name: string }).name : null
}

function calleeName(callee: Node): string | null {
  if (callee.type === 'Identifier') return (callee as Node & { name: string }).name
  return callee.type === 'MemberExpression' ? memberName(callee as Node & { computed: boolean; property: Node }) : null
}

function isContext(node: Node | undefined, { contextName }: ParsedSource): boolean {
  return contextName !== null && node?.type === 'Identifier' && (node as Node & { name: string }).name === contextName
}

/** A workflow that is called as a function runs inline; it looks like an activity and is shown as one. */
function activity(name: string, args: readonly Argument[]): CallMeaning {
  const options = args[2]
  const own = options?.type === 'ObjectExpression' ? literalMember(options, 'activityId') : null
  const summary = options?.type === 'ObjectExpression' ? literalMember(options, 'summary') : null
  return { kind: 'activity', label: summary ?? name, name, activityPrefix: own ?? name }
}

function ofVerb({ kind, says, ids, ownId }: Verb, args: readonly Argument[], source: ParsedSource): CallMeaning {
  const [first] = args
  const literal = literalText(first)
  const subject = literal ?? (first ? source.textOf(first) : '')
  const own = ownId === null ? null : ownIdIn(args, ownId)
  const name = literal ?? (first?.type === 'Identifier' ? first.name : null)
  return {
    kind,
    label: `${says} ${subject}`.trim(),
    name: subject || null,
    activityPrefix: own ?? filled(ids, literal, name),
  }
}

function filled(ids: string | null, literal: string | null, name: string | null): string | null {
  const [mark, value] = ids?.includes('*') ? ['*', literal] : ['@', name]
  if (!ids?.includes(mark)) return ids
  return value === null ? null : ids.replace(mark, value)
}

function ownIdIn(args: readonly Argument[], member: string): string | null {
  for (const argument of args) {
    const own = argument?.type === 'ObjectExpression' ? literalMember(argument, member) : null
    if (own !== null) return own
  }
  return null
}

function literalMember(object: ObjectExpression, member: string): string | null {
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') continue
    if (property.key.name === member) return literalText(property.value)
  }
  return null
}

function literalText(node: Node | undefined): string | null {
  const value = node?.type === 'Literal' ? (node as Node & { value?: unknown }).value : undefined
  return typeof value === 'string' ? value : null
}
