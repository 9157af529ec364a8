/**
 * The handshake of CloudEvents web hooks 1.0 §4: whoever wants to send asks first, and only an origin that the operator named is told that it may. It
 * keeps deliveries from being aimed at those who never asked for them; it is no authentication, and a POST does not need it.
 */

/**
 * @param allowedOrigins names as the sender gives them (DNS names, compared without case), or `*`
 * @param allow methods for the `Allow` header
 */
export function allowHook(headers: Headers, allowedOrigins: readonly string[], allow: string): Response {
  const origin = headers.get('webhook-request-origin')?.trim()
  const isAllowed =
    origin !== undefined &&
    origin !== '' &&
    allowedOrigins.some((allowed) => allowed === '*' || allowed.toLowerCase() === origin.toLowerCase())
  if (!isAllowed) return new Response(null, { status: 204, headers: { allow } })
  // §4.2.2: the rate must be answered when it is asked for; ours is bounded by 429 and 503, not by a number
  return new Response(null, {
    status: 200,
    headers: { allow, 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' },
  })
}
