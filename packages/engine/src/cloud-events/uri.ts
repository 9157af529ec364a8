/**
 * URI syntax by RFC 3986, as CloudEvents 1.0 §3.2 asks for `source` and `dataschema`. Syntax only: nothing is resolved, normalised or fetched.
 * The reference splits with the expression of appendix B, then each part is checked against its own characters; all expressions are linear.
 */
import { isIPv6 } from 'node:net'

const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/
const AUTHORITY = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:[\]]*)(?::([0-9]*))?$/
const IP_FUTURE = /^v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/
const USER_INFO = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*$/
const REGISTERED_NAME = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/
const PATH = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/
const QUERY_OR_FRAGMENT = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/

/** RFC 3986 §4.1: an absolute URI or a relative reference. The empty text is one too; the caller refuses it where it must not be. */
export function isUriReference(text: string): boolean {
  const parts = PARTS.exec(text)
  if (parts === null) return false
  const [, scheme, authority, path = '', query, fragment] = parts
  if (scheme !== undefined && !SCHEME.test(scheme)) return false
  if (authority !== undefined && !isAuthority(authority)) return false
  // §4.2: without a scheme the first segment must not hold a colon, or it would be one
  if (scheme === undefined && authority === undefined && /^[^/]*:/.test(path)) return false
  return PATH.test(path) && QUERY_OR_FRAGMENT.test(query ?? '') && QUERY_OR_FRAGMENT.test(fragment ?? '')
}

/**
 * A URI with a scheme. RFC 3986 §4.3 would forbid a fragment, but the JSON schema that the CloudEvents specification publishes (`format: uri`)
 * allows it, and `dataschema` values such as `https://example.com/schemas.json#/Order` are common: a fragment is accepted.
 */
export function isUri(text: string): boolean {
  return /^[^:/?#]+:/.test(text) && isUriReference(text)
}

function isAuthority(authority: string): boolean {
  const parts = AUTHORITY.exec(authority)
  if (parts === null) return false
  const [, userInfo = '', host = ''] = parts
  return (
    USER_INFO.test(userInfo) && (host.startsWith('[') ? isIpLiteral(host.slice(1, -1)) : REGISTERED_NAME.test(host))
  )
}

function isIpLiteral(text: string): boolean {
  return IP_FUTURE.test(text) || (!text.includes('%') && isIPv6(text))
}
