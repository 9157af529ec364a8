/**
 * Times on screen are the server's. The browser's clock may be wrong by minutes; every answer carries a `Date` header, from which the offset is
 * estimated. The header has whole seconds, so offsets below two seconds are noise and count as none.
 */
let offsetMs = 0
let bestRoundTripMs = Number.POSITIVE_INFINITY

const NOISE_MS = 2_000

export function serverNow(): number {
  return Date.now() + offsetMs
}

export function clockOffsetMs(): number {
  return offsetMs
}

/** @param sentAt @param receivedAt browser time around the request; the quickest exchange knows best */
export function noteServerDate(header: string | null, sentAt: number, receivedAt: number): void {
  if (!header) return
  const serverAt = Date.parse(header)
  if (Number.isNaN(serverAt)) return
  const roundTripMs = receivedAt - sentAt
  // An estimate grows old: a slow exchange may correct it a little later.
  bestRoundTripMs *= 1.05
  if (roundTripMs > bestRoundTripMs) return
  bestRoundTripMs = Math.max(roundTripMs, 1)
  const estimate = serverAt + 500 - (sentAt + roundTripMs / 2)
  offsetMs = Math.abs(estimate) < NOISE_MS ? 0 : estimate
}
