/** The process as a whole, from its source: what it says, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'

const main = path.join(import.meta.dirname, 'main.ts')

function run(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const folder = mkdtempSync(path.join(tmpdir(), 'edda-main-'))
  const defaults = { EDDA_PORT: '0', EDDA_DEMO: '0', EDDA_DB_URL: `file:${path.join(folder, 'sub', 'edda.db')}` }
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', main, ...args], {
    env: { PATH: process.env.PATH, ...defaults, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (text) => (said.out += text))
  child.stderr.on('data', (text) => (said.err += text))
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, said, ended }
}

async function addressOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { msg, address } = JSON.parse(line) as { msg: string; address: string }
    if (msg === 'listening') return address
  }
  throw new Error('it never listened')
}

test('starts on an empty folder, answers, and ends cleanly on SIGTERM although a dashboard listens', async () => {
  const { child, ended } = run({})
  const address = await addressOf(child)
  expect((await fetch(`${address}/health/ready`)).status).toBe(200)
  const started = await fetch(`${address}/trpc/instances.start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      json: { workflowName: 'expenseApproval', input: { id: 'E1', employee: 'Ada', amount: 5, purpose: 'x' } },
    }),
  })
  expect(started.status).toBe(200)
  const live = await fetch(`${address}/trpc/live.changes`, { headers: { accept: 'text/event-stream' } })
  const reader = live.body?.getReader()
  expect((await reader?.read())?.done).toBe(false)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  await reader?.cancel().catch(() => {})
})

test.each<[Record<string, string>, string[], RegExp]>([
  [{ EDDA_HOST: '0.0.0.0' }, [], /^Refusing to listen on 0\.0\.0\.0 without authentication/],
  [{ EDDA_DB_URL: 'mongodb://x' }, [], /mongodb/],
  [{ EDDA_DB_URL: 'file:/dev/null/x/edda.db' }, [], /^The folder \/dev\/null\/x of EDDA_DB_URL cannot be made/],
  [{ EDDA_WORKFLOWS: './nowhere.mjs' }, [], /^EDDA_WORKFLOWS: \.\/nowhere\.mjs cannot be loaded/],
  [
    { EDDA_WORKFLOWS: main.replace('main.ts', 'env.ts') },
    [],
    /^EDDA_WORKFLOWS: .*env\.ts exports no array 'workflows'/,
  ],
  [{}, ['serve'], /^Unknown command 'serve'/],
  [{}, ['token'], /^usage:/],
])('%o %j ends with one line that says what to do', async (env, args, words) => {
  const { said, ended } = run(env, args)
  expect(await ended).toBe(1)
  expect(said.err).toMatch(words)
  expect(said.err).not.toContain('    at ')
})

test('a token made at the terminal opens a protected server, on any address', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'edda-token-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const env = { EDDA_DB_URL: `file:${folder}/edda.db`, EDDA_AUTH: 'token', EDDA_HOST: '0.0.0.0' }
  const made = run(env, ['token', 'create', '--role', 'viewer'])
  expect(await made.ended).toBe(0)
  const secret = made.said.out.split('\n', 1)[0] ?? ''
  const { child, ended } = run(env)
  const address = await addressOf(child)
  const counts = (headers: Record<string, string>) => fetch(`${address}/trpc/instances.counts`, { headers })
  expect((await counts({})).status).toBe(401)
  expect((await counts({ authorization: `Bearer ${secret}` })).status).toBe(200)
  child.kill('SIGINT')
  expect(await ended).toBe(0)
})
