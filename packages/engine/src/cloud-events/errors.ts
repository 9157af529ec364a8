/** What came from outside is quoted, escaped and clipped in messages, so a hostile value cannot forge log lines or fill them. */
export { CloudEventError, type CloudEventErrorType } from '../model/errors'

const LONGEST_QUOTE = 80
/** What JSON.stringify leaves as it is and a terminal does not show as it is: C1 controls, bidirectional overrides, line separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * @param value anything that came from outside
 * @returns one printable line of at most about 80 characters
 */
export function quote(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value !== 'string') return `a ${typeof value}`
  const clipped = value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value
  return JSON.stringify(clipped).replace(INVISIBLE, (character) => `\\u${hex(character)}`)
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')
}
