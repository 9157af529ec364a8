/**
 * Bytes to text and JSON, strictly: one reading of a body, or none.
 *
 * 1. Text is UTF-8 or refused: no replacement characters, no overlong forms, no guessing. A byte order mark is kept, never swallowed; JSON
 *    therefore refuses it (RFC 8259 §8.1 forbids writing one).
 * 2. Base64 is RFC 4648 §4 in its one canonical form: padded, no blanks, no URL alphabet, unused bits zero.
 * 3. Results never share memory with the request's buffer, which may come from a pool.
 */
import { CloudEventError } from './errors'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws CloudEventError `InvalidUtf8` */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw new CloudEventError('InvalidUtf8', 'the body is not valid UTF-8', { cause })
  }
}

/**
 * Numbers are IEEE doubles, as everywhere in JavaScript: an integer beyond 2^53 loses digits, so send it as a string.
 *
 * @throws CloudEventError `InvalidUtf8` or `InvalidJson`
 */
export function decodeJsonBody(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CloudEventError('InvalidJson', 'the body is not valid JSON (RFC 8259)', { cause })
  }
}

/** @returns `null` when the text is not canonical base64 */
export function decodeBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  // Node decodes whatever it can; encoding again is what tells a strict form from the lenient ones
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : null
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
