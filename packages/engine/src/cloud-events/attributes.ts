/**
 * Context attributes: names, types and formats of CloudEvents 1.0 §3. One validation for every way in and for every way out, so an event that
 * was decoded can be encoded and an event that was encoded can be decoded.
 *
 * 1. Required and non-empty: id, source, specversion, type. Optional but non-empty: the other core attributes. Extensions may be empty.
 * 2. `specversion` is exactly `1.0`; the rules of another version are unknown here and are not guessed.
 * 3. JSON `null` is absence (JSON format §2.2).
 * 4. A number is a 32-bit integer, a boolean stays one; anything else that is not a string has no CloudEvents type.
 */
import type { AttributeValue, CloudEvent } from './cloud-event'
import { CloudEventError, quote } from './errors'
import type { CloudEventLimits } from './limits'
import { parseMediaType } from './media-type'
import { isTimestamp } from './timestamp'
import { isUri, isUriReference } from './uri'

/** Everything of an event but its data. */
export type Attributes = Omit<CloudEvent, 'data'>

const REQUIRED = ['specversion', 'id', 'source', 'type'] as const
const OPTIONAL = ['time', 'subject', 'datacontenttype', 'dataschema'] as const

/** The core attributes, in the order in which they are written. */
const CORE_ATTRIBUTES = [...REQUIRED, ...OPTIONAL] as const
type CoreName = (typeof CORE_ATTRIBUTES)[number]
const CORE_NAMES: ReadonlySet<string> = new Set(CORE_ATTRIBUTES)

/** Formats beyond "non-empty text"; the text completes the sentence "attribute x is not …". */
const FORMATS: Partial<Record<CoreName, { readonly holds: (value: string) => boolean; readonly article: string }>> = {
  specversion: { holds: (value) => value === '1.0', article: 'the supported version "1.0"' },
  source: { holds: isUriReference, article: 'a URI-reference (RFC 3986)' },
  time: { holds: isTimestamp, article: 'an RFC 3339 timestamp' },
  datacontenttype: { holds: (value) => parseMediaType(value) !== null, article: 'a media type (RFC 2046)' },
  dataschema: { holds: isUri, article: 'an absolute URI (RFC 3986)' },
}

/** The specification recommends 20 and sets no bound; without one a name could fill a log line. */
const MAX_NAME_LENGTH = 100

export type LengthLimits = Pick<
  CloudEventLimits,
  'maxAttributeLength' | 'maxIdLength' | 'maxSourceLength' | 'maxTypeLength'
>
const OUTGOING: LengthLimits = {
  maxAttributeLength: 8_192,
  maxIdLength: 8_192,
  maxSourceLength: 8_192,
  maxTypeLength: 8_192,
}

/** §3.2 String: no control characters, no noncharacters, no unpaired surrogates. */
const FORBIDDEN_CHARACTER = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u

/**
 * @param members names and values as they were received, data left out; `null` and `undefined` count as absent
 * @throws CloudEventError `MissingAttribute`, `InvalidAttribute`, or `TooLarge` for a value that is too long
 */
export function readAttributes(members: Iterable<readonly [string, unknown]>, limits: LengthLimits): Attributes {
  const core = new Map<string, string>()
  const extensions: Array<readonly [string, AttributeValue]> = []
  for (const [name, value] of members) {
    if (!/^[a-z0-9]+$/.test(name) || name === 'data') throw invalidName(name)
    if (name.length > MAX_NAME_LENGTH) {
      throw new CloudEventError(
        'TooLarge',
        `the attribute name ${quote(name)} is longer than ${MAX_NAME_LENGTH} characters`,
      )
    }
    if (value === null || value === undefined) continue
    const checked = readValue(name, value, maxLength(name, limits))
    if (!CORE_NAMES.has(name)) extensions.push([name, checked])
    else if (typeof checked === 'string') core.set(name, checked)
    else throw new CloudEventError('InvalidAttribute', `attribute "${name}" must be a string, not ${quote(value)}`)
  }
  const missing = REQUIRED.filter((name) => !core.has(name))
  if (missing.length > 0) {
    throw new CloudEventError('MissingAttribute', `missing required attributes: ${missing.join(', ')}`)
  }
  checkFormats(core)
  return {
    specversion: '1.0',
    id: core.get('id') ?? '',
    source: core.get('source') ?? '',
    type: core.get('type') ?? '',
    ...Object.fromEntries(OPTIONAL.filter((name) => core.has(name)).map((name) => [name, core.get(name) ?? ''])),
    extensions: Object.fromEntries(extensions.sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/**
 * @param limits default: what travels, which need not fit a database
 * @returns the attributes that are present, in writing order: core ones, then extensions by name
 * @throws CloudEventError when the event, made by our own side, is not valid
 */
export function listAttributes(
  event: CloudEvent,
  limits: LengthLimits = OUTGOING,
): ReadonlyArray<readonly [string, AttributeValue]> {
  const { data: _, extensions, ...core } = event
  const clash = Object.keys(extensions).find((name) => CORE_NAMES.has(name))
  if (clash !== undefined) throw new CloudEventError('InvalidAttribute', `extension "${clash}" is a core attribute`)
  const members = [...Object.entries(core), ...Object.entries(extensions)]
  const valid = readAttributes(members, limits)
  const written: Array<readonly [string, AttributeValue]> = []
  for (const name of CORE_ATTRIBUTES) {
    const value = valid[name]
    if (value !== undefined) written.push([name, value])
  }
  // sorted again: an object lists names that look like integers first
  const sorted = Object.entries(valid.extensions).sort(([a], [b]) => (a < b ? -1 : 1))
  return [...written, ...sorted]
}

function maxLength(name: string, limits: LengthLimits): number {
  const own = { id: limits.maxIdLength, source: limits.maxSourceLength, type: limits.maxTypeLength }
  return name === 'id' || name === 'source' || name === 'type' ? own[name] : limits.maxAttributeLength
}

function readValue(name: string, value: unknown, longest: number): AttributeValue {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') {
    if (value === (value | 0)) return value | 0 // 32-bit, and -0 becomes 0
    throw new CloudEventError('InvalidAttribute', `attribute "${name}" is not a 32-bit integer: ${value}`)
  }
  if (typeof value !== 'string') {
    throw new CloudEventError('InvalidAttribute', `attribute "${name}" has no CloudEvents type: ${quote(value)}`)
  }
  if (value === '' && CORE_NAMES.has(name)) {
    throw new CloudEventError('InvalidAttribute', `attribute "${name}" is empty`)
  }
  if (value.length > longest) {
    throw new CloudEventError('TooLarge', `attribute "${name}" is longer than ${longest} characters`)
  }
  if (FORBIDDEN_CHARACTER.test(value)) {
    throw new CloudEventError('InvalidAttribute', `attribute "${name}" has a forbidden character: ${quote(value)}`)
  }
  return value
}

function checkFormats(core: ReadonlyMap<string, string>): void {
  for (const name of CORE_ATTRIBUTES) {
    const [value, format] = [core.get(name), FORMATS[name]]
    if (value !== undefined && format !== undefined && !format.holds(value)) {
      throw new CloudEventError('InvalidAttribute', `attribute "${name}" is not ${format.article}: ${quote(value)}`)
    }
  }
}

function invalidName(name: string): CloudEventError {
  const reason = name === 'data' ? 'is reserved' : 'does not consist of a-z and 0-9'
  return new CloudEventError('InvalidAttribute', `the attribute name ${quote(name)} ${reason}`)
}
