/**
 * Media types as RFC 9110 §8.3 writes them: `type/subtype; name=value`. Case-insensitive in type, subtype, parameter names and charset.
 * Decides what is JSON, what is text and what is opaque; knows nothing of events.
 */

export interface MediaType {
  /** Lower case, without parameters: `application/json`. */
  readonly essence: string
  /** Lower case. */
  readonly type: string
  /** Lower case, suffix included: `cloudevents+json`. */
  readonly subtype: string
  /** Names in lower case, values unquoted and verbatim. */
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const ESSENCE = new RegExp(`^(${TOKEN})/(${TOKEN})`)
const PARAMETER = new RegExp(` *;(?: *(${TOKEN})=(?:(${TOKEN})|"((?:[ !#-\\[\\]-~]|\\\\[ -~])*)"))?`, 'y')

/**
 * @param text the header or attribute, already without surrounding blanks
 * @returns `null` when it does not follow the grammar or names a parameter twice
 */
export function parseMediaType(text: string): MediaType | null {
  const head = ESSENCE.exec(text)
  const [type, subtype] = [head?.[1]?.toLowerCase(), head?.[2]?.toLowerCase()]
  if (head === null || type === undefined || subtype === undefined) return null
  const parameters = new Map<string, string>()
  let position = head[0].length
  while (position < text.length) {
    PARAMETER.lastIndex = position
    const match = PARAMETER.exec(text)
    if (match === null) return null
    position = PARAMETER.lastIndex
    const name = match[1]?.toLowerCase()
    if (name === undefined) continue // RFC 9110 §5.6.6 allows an empty parameter: `text/plain;`
    if (parameters.has(name)) return null
    parameters.set(name, match[2] ?? (match[3] ?? '').replace(/\\(.)/g, '$1'))
  }
  return { essence: `${type}/${subtype}`, type, subtype, parameters }
}

/** JSON format §3.1.1: the subtype is `json` or ends with `+json`. */
export function isJsonMediaType({ subtype }: MediaType): boolean {
  return subtype === 'json' || subtype.endsWith('+json')
}

/** What binary mode hands over as a string: `text/*`, XML and YAML. Anything else that is not JSON stays bytes. */
export function isTextMediaType({ type, subtype }: MediaType): boolean {
  return type === 'text' || /^(?:.*\+)?(?:xml|yaml)$/.test(subtype)
}

/** True when the text is UTF-8: stated in any case, or by leaving the charset out. */
export function isUtf8({ parameters }: MediaType): boolean {
  const charset = parameters.get('charset')
  return charset === undefined || charset.toLowerCase() === 'utf-8'
}
