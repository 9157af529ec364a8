/**
 * CloudEvents attributes in HTTP header values: HTTP binding §3.1.3.2.
 *
 * 1. Encoding: space, `"`, `%` and everything outside U+0021–U+007E become percent-encoded UTF-8 in upper case; nothing else does.
 * 2. Decoding: a value that begins with `"` is a quoted string (RFC 9110 §5.6.4) and is unquoted; then exactly one round of
 *    percent-decoding. `%2520` is `%20`, not a space.
 * 3. Lenient where the binding says so (needless and lower-case encoding, raw spaces and inner quotes of older senders), strict elsewhere: a
 *    stray `%`, invalid UTF-8 and raw non-ASCII bytes (whose charset nobody knows) are refused.
 */
import { CloudEventError, quote } from './errors'

const QUOTED_STRING = /^"((?:[^"\\]|\\.)*)"$/

/** @param value a valid attribute in its canonical string form: no control characters, no lone surrogates */
export function encodeHeaderValue(value: string): string {
  return value.replace(/[^!-~]|["%]/gu, encodeURIComponent)
}

/**
 * @param raw the header's value as received
 * @param name of the header, for the error
 * @throws CloudEventError `InvalidHeader`
 * @example decodeHeaderValue('Euro%20%E2%82%AC%20%F0%9F%98%80', 'ce-subject') // 'Euro € 😀'
 */
export function decodeHeaderValue(raw: string, name: string): string {
  if (!/^[ -~]*$/.test(raw)) throw invalid(name, 'has characters outside printable ASCII; percent-encode them', raw)
  const value = raw.startsWith('"') ? unquote(raw, name) : raw
  if (/%(?![0-9A-Fa-f]{2})/.test(value)) throw invalid(name, 'has a "%" without two hexadecimal digits', raw)
  try {
    return decodeURIComponent(value)
  } catch {
    throw invalid(name, 'is percent-encoded but not UTF-8', raw)
  }
}

function unquote(raw: string, name: string): string {
  const inner = QUOTED_STRING.exec(raw)?.[1]
  if (inner === undefined) throw invalid(name, 'begins with a double quote but is no quoted string', raw)
  return inner.replace(/\\(.)/g, '$1')
}

function invalid(name: string, problem: string, raw: string): CloudEventError {
  return new CloudEventError('InvalidHeader', `the header ${quote(name)} ${problem}: ${quote(raw)}`)
}
