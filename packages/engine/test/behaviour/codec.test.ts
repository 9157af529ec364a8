import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { activity, type Codec, compensation, EddaApp, TerminalError, workflow } from '../../src/index'

const KEY = randomBytes(32)
/** AES-256-GCM; the subject is authenticated, so a payload cannot be moved to another instance. */
const aes: Codec = {
  encode(bytes, { subject }) {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', KEY, nonce).setAAD(Buffer.from(subject))
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  },
  decode(bytes, { subject }) {
    const body = Buffer.from(bytes)
    const decipher = createDecipheriv('aes-256-gcm', KEY, body.subarray(0, 12))
      .setAAD(Buffer.from(subject))
      .setAuthTag(body.subarray(-16))
    return Buffer.concat([decipher.update(body.subarray(12, -16)), decipher.final()])
  },
}

const CANARY = 'canary-4711'
const undo = compensation('codecUndo', async (_ctx, args: { input: { secret: string } }) => args.input.secret)
const echo = activity('codecEcho', { onFailure: undo }, async (_ctx, input: { secret: string }) => ({
  echoed: input.secret,
}))
const keep = workflow('codecKeep', async (ctx, input: { secret: string; fails: boolean }) => {
  ctx.setState({ secret: input.secret })
  const { echoed } = await echo(ctx, { secret: input.secret })
  if (input.fails) throw new TerminalError(`no ${echoed}`)
  return { echoed }
})

test('with a codec no payload reaches the database file in clear, and everything reads as without', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'edda-codec-'))
  const app = new EddaApp({
    serviceName: 'codec',
    dbUrl: `file:${path.join(folder, 'e.db')}`,
    workflows: [keep],
    codec: aes,
  })
  await app.initialize()
  const good = await app.start(keep, { secret: CANARY, fails: false })
  const bad = await app.start(keep, { secret: CANARY, fails: true })
  expect(await good.result()).toEqual({ echoed: CANARY })
  await expect(bad.result()).rejects.toMatchObject({ cause: { name: 'TerminalError', message: `no ${CANARY}` } })
  expect(await good.state()).toEqual({ secret: CANARY })
  expect((await app.getInstance(good.instanceId))?.input).toEqual({ secret: CANARY, fails: false })
  expect((await good.history()).map(({ data }) => data)).toContainEqual({
    activityName: 'codecEcho',
    input: { secret: CANARY },
    result: { echoed: CANARY },
  })
  await app.shutdown()
  for (const file of readdirSync(folder))
    expect(readFileSync(path.join(folder, file)).includes(CANARY), file).toBe(false)
})

test('a codec must have both directions', () => {
  expect(() => new EddaApp({ serviceName: 'x', dbUrl: ':memory:', codec: { encode: aes.encode } as Codec })).toThrow(
    "Option 'codec' must be an object with encode and decode",
  )
})
