/** A failed branch that the workflow awaits later is no crash of the process; a defect of the service still is. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary'

const PROGRAM = fileURLToPath(new URL('late-await.program.ts', import.meta.url))
const HANGS_MS = 120_000

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(kind: string): Promise<Run> {
  const dbUrl = `file:${path.join(temporaryFolder(), 'late.db')}`
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', PROGRAM, kind, dbUrl], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

test.each([
  ['plain', 'told: declined'],
  ['wrapped', 'told: could not charge'],
])(
  'a helper that fails before it is awaited fails where it is awaited: %s',
  async (kind, told) => {
    const { code, out } = await run(kind)
    expect({ code, out }).toEqual({ code: 0, out: told })
  },
  HANGS_MS,
)

test(
  'a rejection that nobody handles and no workflow caused still ends the process',
  async () => {
    const { code, out, err } = await run('defect')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('a defect of the service')
  },
  HANGS_MS,
)
