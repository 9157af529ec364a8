/**
 * What a call was given, as it was when the call was made. Workflow code may change its objects afterwards; without a copy the second attempt of an
 * activity, or two publishes of one reused object, would store something that was never passed.
 */

/** The decoded JSON form, or a copy of the bytes. What has no JSON form is returned as it is: whoever stores it says so with the path. */
export function snapshot(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return value.slice()
  try {
    return JSON.parse(JSON.stringify(value))
  } catch {
    return value
  }
}
