import { expect, test } from 'vitest'
import { apiFixture } from './testing/api-fixture'
import { tokenCommand } from './token-command'

test('a token is made, shown once, works, is listed and revoked', async () => {
  const { test: engine, client } = await apiFixture({ EDDA_AUTH: 'token' })
  const { tokens } = engine.app.admin
  const [secret = '', , told = ''] = await tokenCommand(tokens, ['create', '--role', 'viewer', '--name', 'ci'], 'ann')
  expect(told).toMatch(/^tok_[0-9a-f]{12} 'ci', role viewer, valid without end\. This is the only time it is shown\.$/)
  expect((await client({ token: secret }).session.me.query()).principal).toMatchObject({ actor: 'ci', role: 'viewer' })
  const id = told.split(' ')[0] ?? ''
  expect(await tokenCommand(tokens, ['list'], 'ann')).toEqual([
    expect.stringMatching(new RegExp(`^${id} {2}valid {4}viewer {4}used 20.*ci$`)),
  ])
  expect(await tokenCommand(tokens, ['revoke', id], 'ann')).toEqual([`${id} is revoked`])
  expect(await tokenCommand(tokens, ['list'], 'ann')).toEqual([expect.stringContaining('revoked')])
  expect(
    (await engine.app.admin.audit.list({})).entries.map(({ actor, action, target }) => [actor, action, target]),
  ).toEqual([
    ['cli:ann', 'token.revoke', id],
    ['cli:ann', 'token.create', id],
  ])
})

test.each([
  [[]],
  [['create']],
  [['create', '--role', 'root']],
  [['create', '--role', 'admin', '--days', '-1']],
  [['create', '--role', 'admin', '--days', 'x']],
  [['create', '--role', 'admin', '--what']],
  [['revoke']],
  [['destroy']],
])('%j gets the usage', async (args) => {
  const { test: engine } = await apiFixture()
  await expect(tokenCommand(engine.app.admin.tokens, args, 'ann')).rejects.toThrow('token create --role')
  expect(await engine.app.admin.tokens.list()).toEqual([])
})

test('revoking an unknown one says so', async () => {
  const { test: engine } = await apiFixture()
  await expect(tokenCommand(engine.app.admin.tokens, ['revoke', 'tok_x'], 'ann')).rejects.toThrow(
    "No valid token 'tok_x'",
  )
})
