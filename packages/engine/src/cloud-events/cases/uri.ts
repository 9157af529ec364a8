/** `source` (URI-reference) and `dataschema` (URI): RFC 3986. */
import { type DecodeCase, event, refused, structured } from './case'
import * as sdk from './sdk-faults'

const SOURCES: ReadonlyArray<readonly [what: string, source: string, sdk?: string]> = [
  ['an https URI', 'https://github.com/cloudevents'],
  ['a mailto URI', 'mailto:cncf-wg-serverless@lists.cncf.io'],
  ['a URN', 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66'],
  ['an absolute path', '/cloudevents/spec/pull/123'],
  ['a relative path', 'cloudevents/spec/pull/123'],
  ['a name with dashes', '1-555-123-4567'],
  ['a single character', '1'],
  ['a path with an empty segment', '/a//b'],
  ['a network path', '//example.com/a'],
  ['a query alone', '?a=b'],
  ['a fragment alone', '#part'],
  ['a dot path', '../up'],
  ['a colon after the first segment', 'a/b:c'],
  ['all parts at once', 'http://user:pass@example.com:8080/p/a?q=1&r=/?#frag/?'],
  ['an empty port', 'http://example.com:/'],
  ['an IPv6 address', 'http://[2001:db8::1]:80/a'],
  ['an IPvFuture address', 'http://[v1.fe:80]/a'],
  ['percent-encoded characters', '/caf%C3%A9'],
  ['percent-encoded characters in lower case', '/caf%c3%a9'],
  ['a file URI with an empty authority', 'file:///etc/hosts'],
  ['a scheme with every kind of character', 'a+b-c.1:x'],
  ['a scheme and nothing else', 'urn:'],
]

const NOT_SOURCES: ReadonlyArray<readonly [what: string, source: string, sdk?: string]> = [
  ['a blank', 'a b'],
  ['a letter outside ASCII', '/café'],
  ['a backslash', 'a\\b'],
  ['angle brackets', '<http://example.com>'],
  ['curly brackets', '/users/{id}'],
  ['a double quote', '"quoted"', sdk.uriLenient],
  ['a caret', 'a^b'],
  ['a pipe', 'a|b'],
  ['a backtick', 'a`b'],
  ['a stray percent sign', '/100%'],
  ['an incomplete percent-encoding', '/a%2'],
  ['two fragments', '/a#b#c'],
  ['a first segment with a colon that is no scheme', '1:2', sdk.uriLenient],
  ['a colon in front', ':a', sdk.uriLenient],
  ['a port of letters', 'http://example.com:http/', sdk.uriLenient],
  ['an unclosed bracket', 'http://[::1/'],
  ['a bracket in a path', '/a[1]'],
  ['a wrong IPv6 address', 'http://[::1::2]/'],
  ['an IPv6 address with a zone', 'http://[fe80::1%25eth0]/'],
]

const SCHEMAS: ReadonlyArray<readonly [what: string, dataschema: string]> = [
  ['an https URI', 'https://example.com/order.json'],
  ['a URN', 'urn:example:order:1'],
  ['a URI with a fragment, as the published JSON schema allows', 'https://example.com/schemas.json#/Order'],
]

const NOT_SCHEMAS: ReadonlyArray<readonly [what: string, dataschema: string]> = [
  ['a relative reference', '/schemas/order.json'],
  ['a network path', '//example.com/order.json'],
  ['a name', 'order'],
  ['a URI with a blank', 'https://example.com/a b'],
]

export const uriCases: readonly DecodeCase[] = [
  ...SOURCES.map(([what, source, reason]) =>
    structured(`a source may be ${what}`, { source }, event({ source }), reason ? { sdk: reason } : {}),
  ),
  ...NOT_SOURCES.map(([what, source, reason]) =>
    structured(
      `a source is refused for ${what}`,
      { source },
      refused('InvalidAttribute', `attribute "source" is not a URI-reference (RFC 3986): ${JSON.stringify(source)}`),
      reason ? { sdk: reason } : {},
    ),
  ),
  ...SCHEMAS.map(([what, dataschema]) =>
    structured(`a dataschema may be ${what}`, { dataschema }, event({ dataschema })),
  ),
  ...NOT_SCHEMAS.map(([what, dataschema]) =>
    structured(
      `a dataschema is refused when it is ${what}`,
      { dataschema },
      refused(
        'InvalidAttribute',
        `attribute "dataschema" is not an absolute URI (RFC 3986): ${JSON.stringify(dataschema)}`,
      ),
    ),
  ),
]
