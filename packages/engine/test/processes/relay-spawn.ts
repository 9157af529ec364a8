import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RelaySettings } from './relay-process'

const PROGRAM = fileURLToPath(new URL('./relay-process.ts', import.meta.url))

export interface RelayProcess {
  /** Ends it; resolves when it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

export function spawnRelay(settings: RelaySettings): RelayProcess {
  const args = ['--conditions=source', '--import', 'tsx', PROGRAM, JSON.stringify(settings)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  return {
    end: (signal) => {
      child.kill(signal)
      return exited
    },
  }
}
