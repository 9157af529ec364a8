import { describe, expect, test } from 'vitest'
import { settingsFrom } from '../env'
import { accessSettings, isLoopback } from './access-settings'

test('without any setting: loopback, open, nobody else', () => {
  expect(settingsFrom({})).toEqual({
    host: '127.0.0.1',
    port: 8001,
    dbUrl: 'file:./data/edda.db',
    worker: true,
    workflows: null,
    demo: true,
    brokerUrl: null,
    historyRetentionDays: null,
    logLevel: 'info',
    access: {
      mode: 'open',
      insecure: false,
      allowedHosts: new Set(['127.0.0.1']),
      allowedOrigins: new Set(),
      publicUrl: null,
      oidc: null,
    },
  })
})

describe('beyond loopback', () => {
  test.each(['0.0.0.0', '::', '10.0.0.5', 'edda.internal', '192.168.1.2'])(
    'listening on %s without authentication is refused, with the ways out',
    (host) => {
      expect(() => accessSettings({}, host)).toThrow(
        /^Refusing to listen on .*EDDA_AUTH=token.*EDDA_OIDC_ISSUER.*127\.0\.0\.1.*EDDA_INSECURE_NO_AUTH=i-understand$/,
      )
    },
  )
  test('it is allowed with tokens, and with the override, which is told', () => {
    expect(accessSettings({ EDDA_AUTH: 'token' }, '0.0.0.0')).toMatchObject({
      mode: 'protected',
      insecure: false,
      allowedHosts: new Set(),
    })
    expect(accessSettings({ EDDA_INSECURE_NO_AUTH: 'i-understand' }, 'edda.internal')).toMatchObject({
      mode: 'open',
      insecure: true,
      allowedHosts: new Set(['edda.internal']),
    })
    expect(accessSettings({ EDDA_INSECURE_NO_AUTH: 'i-understand' }, '127.0.0.1').insecure).toBe(false)
  })
  test.each(['1', 'true', 'yes', 'I-understand'])('the override is one phrase, not %s', (phrase) => {
    expect(() => accessSettings({ EDDA_INSECURE_NO_AUTH: phrase }, '0.0.0.0')).toThrow('EDDA_INSECURE_NO_AUTH')
  })
})

const oidc = {
  EDDA_OIDC_ISSUER: 'https://id.example.com',
  EDDA_OIDC_CLIENT_ID: 'edda',
  EDDA_PUBLIC_URL: 'https://edda.example.com',
}
test('OIDC protects, and its public address is one of ours', () => {
  expect(
    accessSettings(
      { ...oidc, EDDA_OIDC_CLIENT_SECRET: 's', EDDA_OIDC_ROLE_CLAIM: 'realm.roles', EDDA_OIDC_ADMIN: 'ops' },
      '0.0.0.0',
    ),
  ).toEqual({
    mode: 'protected',
    insecure: false,
    allowedHosts: new Set(['edda.example.com']),
    allowedOrigins: new Set(),
    publicUrl: new URL('https://edda.example.com'),
    oidc: {
      issuer: new URL('https://id.example.com'),
      clientId: 'edda',
      clientSecret: 's',
      roleClaim: 'realm.roles',
      roles: { viewer: 'viewer', operator: 'operator', admin: 'ops' },
    },
  })
})

test.each<[Record<string, string>, string]>([
  [{ EDDA_AUTH: 'basic' }, 'EDDA_AUTH'],
  [{ EDDA_PUBLIC_URL: 'edda.example.com' }, 'EDDA_PUBLIC_URL'],
  [{ EDDA_PUBLIC_URL: 'ftp://edda.example.com' }, 'EDDA_PUBLIC_URL'],
  [{ ...oidc, EDDA_OIDC_CLIENT_ID: '' }, 'EDDA_OIDC_CLIENT_ID'],
  [{ EDDA_OIDC_ISSUER: 'https://id.example.com', EDDA_OIDC_CLIENT_ID: 'edda' }, 'EDDA_PUBLIC_URL'],
  [{ ...oidc, EDDA_OIDC_ISSUER: 'http://id.example.com' }, 'https'],
  [{ EDDA_ALLOWED_ORIGINS: 'https://a.example/path' }, 'EDDA_ALLOWED_ORIGINS'],
  [{ EDDA_ALLOWED_ORIGINS: '*' }, 'EDDA_ALLOWED_ORIGINS'],
  [{ EDDA_PORT: '80a' }, 'EDDA_PORT'],
  [{ EDDA_PORT: '70000' }, 'EDDA_PORT'],
  [{ EDDA_WORKER: 'maybe' }, 'EDDA_WORKER'],
  [{ EDDA_DEMO: 'no' }, 'EDDA_DEMO'],
  [{ EDDA_LOG_LEVEL: 'loud' }, 'EDDA_LOG_LEVEL'],
  [{ EDDA_HISTORY_RETENTION_DAYS: '-1' }, 'EDDA_HISTORY_RETENTION_DAYS'],
])('%o is refused, naming %s', (env, name) => {
  expect(() => settingsFrom(env)).toThrow(name)
})

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['[::1]', true],
  ['127.0.0.1.example', false],
  ['localhost.example', false],
  ['0.0.0.0', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})
