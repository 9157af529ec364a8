import { describe, expect, test } from 'vitest'
import { parseEndpoint } from './endpoint'

describe('a broker URL', () => {
  test('loses user, password and fragment, keeps path and query; its label shows no query', () => {
    expect(parseEndpoint('https://user:p%40ss@Broker.Example.com/in?token=t#x')).toEqual({
      url: 'https://broker.example.com/in?token=t',
      authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      label: 'https://broker.example.com/in',
    })
  })

  test('without a user needs no authorization', () => {
    expect(parseEndpoint('http://127.0.0.1:8080')).toEqual({
      url: 'http://127.0.0.1:8080/',
      authorization: null,
      label: 'http://127.0.0.1:8080/',
    })
  })

  test.each([
    ['only a user', 'http://key@h/', 'key:'],
    ['only a password', 'http://:secret@h/', ':secret'],
    ['a password with a colon', 'http://a:b%3Ac@h/', 'a:b:c'],
    ['letters outside ASCII', 'http://ü:€@h/', 'ü:€'],
  ])('may have %s', (_, url, credentials) => {
    expect(parseEndpoint(url).authorization).toBe(`Basic ${Buffer.from(credentials).toString('base64')}`)
  })

  test.each([
    ['nothing', '', 'brokerUrl is not a URL'],
    ['a path', '/s3cret', 'brokerUrl is not a URL'],
    ['a URL without a host', 'http://', 'brokerUrl is not a URL'],
    ['a port out of range', 'http://u:s3cret@h:70000/', 'brokerUrl is not a URL'],
    ['another scheme', 'ftp://u:s3cret@h/', "brokerUrl must be an http or https URL, not 'ftp:'"],
    ['a script', 'javascript:s3cret', "brokerUrl must be an http or https URL, not 'javascript:'"],
    ['a file', 'file:///etc/s3cret', "brokerUrl must be an http or https URL, not 'file:'"],
    ['a colon in the user', 'http://a%3Ab:s3cret@h/', 'brokerUrl http://h/: the user name must not contain a colon'],
    ['a bad encoding', 'http://u:%ff@h/', 'brokerUrl http://h/: user or password is not percent-encoded UTF-8'],
  ])('is refused, without showing it, when it is or has %s', (_, url, message) => {
    expect(() => parseEndpoint(url)).toThrow(expect.objectContaining({ name: 'ConfigurationError', message }))
    expect(message).not.toContain('s3cret')
  })
})

const DISGUISES = [
  'http://127.1/',
  'http://0x7f.1/',
  'http://2130706433/',
  'http://017700000001/',
  'http://127.0.0.1./',
  'http://[::ffff:127.0.0.1]/',
  'http://[::1]/',
  'http://localhost/',
  'http://169.254.169.254/latest',
  'http://[::ffff:169.254.169.254]/',
  'http://good.example.com@evil.example.com/',
  'http://evil.example.com/@good.example.com',
  'http://good.example.com.evil.example.com/',
  'http://xgood.example.com/',
  'http://good.example.com./',
  'http://evil.example.com#good.example.com',
  'http://evil.example.com?good.example.com',
  'http://evil.example.com\\good.example.com/',
  'http://good.example.com:81@evil.example.com/',
  'http://ｅvil.example.com/',
]

describe('a list of allowed hosts', () => {
  const allowed = ['good.example.com', '10.0.0.1:8080']

  test.each(DISGUISES)('refuses %s', (url) => {
    expect(() => parseEndpoint(url, allowed)).toThrow(/is not among the allowed ones$/)
  })

  test.each([
    'http://good.example.com/',
    'https://GOOD.example.com:444/a',
    'http://g%6fod.example.com/',
    'http://user@good.example.com/',
    'http://10.0.0.1:8080/',
    'http://10.1:8080/',
    'http://0xa.0.0.1:8080/',
  ])('takes %s, which is an allowed host in normal form', (url) => {
    expect(parseEndpoint(url, allowed).label).toMatch(/^https?:\/\/(good\.example\.com|10\.0\.0\.1:8080)/)
  })

  test('with a port allows that port only; a default port counts', () => {
    expect(() => parseEndpoint('http://10.0.0.1:8081/', allowed)).toThrow(
      'brokerUrl: the host 10.0.0.1:8081 is not among the allowed ones',
    )
    expect(parseEndpoint('https://a.example/', ['a.example:443']).label).toBe('https://a.example/')
    expect(() => parseEndpoint('http://a.example/', ['a.example:443'])).toThrow('the host a.example:80 is not among')
  })

  test('that is empty allows nothing', () => {
    expect(() => parseEndpoint('http://a.example/', [])).toThrow('is not among the allowed ones')
  })
})
