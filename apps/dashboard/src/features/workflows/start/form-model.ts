/**
 * A JSON Schema as the model of a form. Pure: schema and value in, fields and values out. Understands what schema libraries produce (nested objects,
 * arrays, enums, unions, constants, defaults, nullable types, local references, `allOf` of objects); what it does not understand is a JSON field.
 */
import { isRecord } from '@/lib/json'

export interface JsonSchema {
  readonly [key: string]: unknown
}

export type Path = readonly (string | number)[]

interface Common {
  readonly label: string
  readonly description: string | null
  readonly required: boolean
  readonly schema: JsonSchema
}
export type Field = Common &
  (
    | { readonly kind: 'string'; readonly format: string | null; readonly isLong: boolean }
    | { readonly kind: 'number'; readonly isInteger: boolean }
    | { readonly kind: 'boolean' }
    | { readonly kind: 'enum'; readonly options: readonly unknown[] }
    | { readonly kind: 'const'; readonly value: unknown }
    | {
        readonly kind: 'object'
        readonly members: readonly { readonly name: string; readonly schema: JsonSchema; readonly required: boolean }[]
        readonly isOpen: boolean
      }
    | { readonly kind: 'array'; readonly items: JsonSchema; readonly least: number; readonly most: number }
    | { readonly kind: 'union'; readonly options: readonly { readonly label: string; readonly schema: JsonSchema }[] }
    | { readonly kind: 'json' }
  )

export function asSchema(value: unknown): JsonSchema {
  return isRecord(value) ? value : {}
}

export function buildField(unresolved: JsonSchema, root: JsonSchema, label: string, required: boolean): Field {
  const schema = resolve(unresolved, root)
  const common: Common = { label: text(schema.title) ?? label, description: text(schema.description), required, schema }
  if ('const' in schema) return { ...common, kind: 'const', value: schema.const }
  if (Array.isArray(schema.enum)) return { ...common, kind: 'enum', options: schema.enum }
  const options = unionOptions(schema, root)
  if (options)
    return options.length === 1 && options[0]
      ? { ...buildField(options[0].schema, root, label, required), label: common.label }
      : { ...common, kind: 'union', options }
  switch (schema.type) {
    case 'string':
      return { ...common, kind: 'string', format: text(schema.format), isLong: number(schema.maxLength, 0) > 200 }
    case 'integer':
    case 'number':
      return { ...common, kind: 'number', isInteger: schema.type === 'integer' }
    case 'boolean':
      return { ...common, kind: 'boolean' }
    case 'object':
      return {
        ...common,
        kind: 'object',
        members: membersOf(schema),
        isOpen: schema.additionalProperties !== false && !isRecord(schema.properties),
      }
    case 'array':
      return isRecord(schema.items)
        ? {
            ...common,
            kind: 'array',
            items: schema.items,
            least: number(schema.minItems, 0),
            most: number(schema.maxItems, Number.POSITIVE_INFINITY),
          }
        : { ...common, kind: 'json' }
    default:
      return isRecord(schema.properties)
        ? buildField({ ...schema, type: 'object' }, root, label, required)
        : { ...common, kind: 'json' }
  }
}

/** The value a fresh form has: defaults, constants, required members; optional ones stay away. */
export function initialValue(unresolved: JsonSchema, root: JsonSchema, depth = 0): unknown {
  const schema = resolve(unresolved, root)
  if ('default' in schema) return schema.default
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const options = unionOptions(schema, root)
  if (options?.[0]) return initialValue(options[0].schema, root, depth)
  if (schema.type === 'object' || isRecord(schema.properties)) {
    const value: Record<string, unknown> = {}
    for (const member of membersOf(schema)) {
      const isPreset = 'default' in resolve(member.schema, root)
      if ((member.required || isPreset) && depth < 8)
        define(value, member.name, initialValue(member.schema, root, depth + 1))
    }
    return value
  }
  if (schema.type === 'array')
    return Array.from({ length: Math.min(number(schema.minItems, 0), 20) }, () =>
      initialValue(asSchema(schema.items), root, depth + 1),
    )
  if (schema.type === 'boolean') return false
  if (schema.type === 'string') return ''
  return null
}

/** Which member of a union a value is: the one with the fewest complaints. */
export function chosenOption(
  options: readonly { readonly schema: JsonSchema }[],
  value: unknown,
  root: JsonSchema,
): number {
  let best = 0
  let fewest = Number.POSITIVE_INFINITY
  options.forEach((option, index) => {
    const complaints = checkValue(option.schema, value, root).reduce(
      (sum, issue) => sum + (issue.path === '' || issue.isKind ? 10 : 1),
      0,
    )
    if (complaints < fewest) {
      best = index
      fewest = complaints
    }
  })
  return best
}

export interface Issue {
  /** Dotted, '' for the whole. */
  readonly path: string
  readonly message: string
  /** It is another kind of thing altogether. */
  readonly isKind?: boolean
}

/** What can be seen to be wrong without asking the server. The server has the last word. */
export function checkValue(
  unresolved: JsonSchema,
  value: unknown,
  root: JsonSchema,
  path: Path = [],
): readonly Issue[] {
  const schema = resolve(unresolved, root)
  const at = path.join('.')
  const issue = (message: string, isKind = false): Issue[] => [{ path: at, message, ...(isKind ? { isKind } : {}) }]
  if ('const' in schema)
    return JSON.stringify(value) === JSON.stringify(schema.const)
      ? []
      : issue(`Must be ${JSON.stringify(schema.const)}`, true)
  if (Array.isArray(schema.enum))
    return schema.enum.some((option) => JSON.stringify(option) === JSON.stringify(value))
      ? []
      : issue('Choose one of the options', true)
  const options = unionOptions(schema, root)
  if (options) {
    const chosen = options[chosenIndex(options, value, root, path)]
    return chosen ? checkValue(chosen.schema, value, root, path) : []
  }
  if (value === undefined) return issue('Required')
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? checkString(schema, value, issue) : issue('Must be text', true)
    case 'integer':
    case 'number':
      return typeof value === 'number'
        ? checkNumber(schema, value, issue)
        : issue(value === null || value === '' ? 'Required' : 'Must be a number', true)
    case 'boolean':
      return typeof value === 'boolean' ? [] : issue('Must be true or false', true)
    case 'null':
      return value === null ? [] : issue('Must be empty', true)
    case 'array':
      return Array.isArray(value) ? checkArray(schema, value, root, path, issue) : issue('Must be a list', true)
    case 'object':
      return isRecord(value) ? checkObject(schema, value, root, path) : issue('Must be an object', true)
    default:
      return []
  }
}

function chosenIndex(
  options: readonly { readonly schema: JsonSchema }[],
  value: unknown,
  root: JsonSchema,
  path: Path,
): number {
  return path.length > 12 ? 0 : chosenOption(options, value, root)
}

type Complain = (message: string, isKind?: boolean) => Issue[]

function checkString(schema: JsonSchema, value: string, issue: Complain): readonly Issue[] {
  if (value.length < number(schema.minLength, 0))
    return issue(value === '' ? 'Required' : `At least ${String(schema.minLength)} characters`)
  if (value.length > number(schema.maxLength, Number.POSITIVE_INFINITY))
    return issue(`At most ${String(schema.maxLength)} characters`)
  if (typeof schema.pattern === 'string' && !matches(schema.pattern, value))
    return issue(`Must match ${schema.pattern}`)
  if (schema.format === 'email' && !/^\S+@\S+\.\S+$/.test(value)) return issue('Must be an e-mail address')
  return []
}

function checkNumber(schema: JsonSchema, value: number, issue: Complain): readonly Issue[] {
  if (schema.type === 'integer' && !Number.isInteger(value)) return issue('Must be a whole number')
  if (value < number(schema.minimum, Number.NEGATIVE_INFINITY)) return issue(`At least ${String(schema.minimum)}`)
  if (value > number(schema.maximum, Number.POSITIVE_INFINITY)) return issue(`At most ${String(schema.maximum)}`)
  if (value <= number(schema.exclusiveMinimum, Number.NEGATIVE_INFINITY))
    return issue(`More than ${String(schema.exclusiveMinimum)}`)
  if (value >= number(schema.exclusiveMaximum, Number.POSITIVE_INFINITY))
    return issue(`Less than ${String(schema.exclusiveMaximum)}`)
  return []
}

function checkArray(
  schema: JsonSchema,
  value: readonly unknown[],
  root: JsonSchema,
  path: Path,
  issue: Complain,
): readonly Issue[] {
  const own =
    value.length < number(schema.minItems, 0)
      ? issue(`At least ${String(schema.minItems)}`)
      : value.length > number(schema.maxItems, Number.POSITIVE_INFINITY)
        ? issue(`At most ${String(schema.maxItems)}`)
        : []
  const items = asSchema(schema.items)
  return [...own, ...value.flatMap((item, index) => checkValue(items, item, root, [...path, index]))]
}

function checkObject(
  schema: JsonSchema,
  value: Record<string, unknown>,
  root: JsonSchema,
  path: Path,
): readonly Issue[] {
  return membersOf(schema).flatMap(({ name, schema: member, required }) => {
    if (Object.hasOwn(value, name) && value[name] !== undefined)
      return checkValue(member, value[name], root, [...path, name])
    return required ? [{ path: [...path, name].join('.'), message: 'Required' }] : []
  })
}

export function getAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (Array.isArray(at) ? at[Number(key)] : isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    value,
  )
}

/** A copy with one member set; `undefined` removes it. Never touches a prototype. */
export function setAt(value: unknown, path: Path, next: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return next
  if (typeof key === 'number') {
    const list = Array.isArray(value) ? [...(value as unknown[])] : []
    if (rest.length === 0 && next === undefined) list.splice(key, 1)
    else list[key] = setAt(list[key], rest, next)
    return list
  }
  const entries = isRecord(value) ? Object.entries(value) : []
  const inner = setAt(entries.find(([name]) => name === key)?.[1], rest, next)
  const copy: Record<string, unknown> = {}
  for (const [name, member] of entries)
    if (name !== key) define(copy, name, member)
    else if (inner !== undefined) define(copy, name, inner)
  if (inner !== undefined && !entries.some(([name]) => name === key)) define(copy, key, inner)
  return copy
}

function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

function membersOf(schema: JsonSchema) {
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  return Object.entries(asSchema(schema.properties)).map(([name, member]) => ({
    name,
    schema: asSchema(member),
    required: required.has(name),
  }))
}

function unionOptions(
  schema: JsonSchema,
  root: JsonSchema,
): readonly { readonly label: string; readonly schema: JsonSchema }[] | null {
  const list = Array.isArray(schema.anyOf) ? schema.anyOf : Array.isArray(schema.oneOf) ? schema.oneOf : null
  if (list)
    return list.map((option, index) => ({
      label: optionLabel(resolve(asSchema(option), root), index),
      schema: asSchema(option),
    }))
  if (Array.isArray(schema.type))
    return schema.type.map((type) => ({ label: String(type), schema: { ...schema, type } }))
  return null
}

function optionLabel(schema: JsonSchema, index: number): string {
  const constant = Object.values(asSchema(schema.properties))
    .map(asSchema)
    .find((member) => 'const' in member)
  return (
    text(schema.title) ??
    ('const' in schema ? JSON.stringify(schema.const) : null) ??
    (constant ? String(constant.const) : null) ??
    text(schema.type) ??
    `Option ${index + 1}`
  )
}

const MOST_REFERENCES = 20

/** Follows local references and joins `allOf`. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let at = schema
  for (let step = 0; step < MOST_REFERENCES && typeof at.$ref === 'string'; step++) {
    const { $ref, ...beside } = at
    const names = String($ref)
      .replace(/^#\/?/, '')
      .split('/')
      .filter(Boolean)
      .map((name) => decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~'))
    at = { ...asSchema(getAt(root, names)), ...beside }
  }
  if (!Array.isArray(at.allOf)) return at
  const { allOf, ...own } = at
  let joined: JsonSchema = own
  for (const one of allOf as unknown[]) {
    const part = resolve(asSchema(one), root)
    joined = {
      ...joined,
      ...part,
      properties: { ...asSchema(joined.properties), ...asSchema(part.properties) },
      required: [...list(joined.required), ...list(part.required)],
    }
  }
  return joined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
function number(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    return true
  }
}
