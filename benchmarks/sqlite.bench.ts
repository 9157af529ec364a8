/** Ours beside the hand-written limit on SQLite (WAL, synchronous=FULL), in turn, in one process: `npm run bench -- sqlite`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { edda } from './lib/edda'
import { sqliteLimit } from './lib/limit'
import { sideBySide } from './lib/side-by-side'

const folder = mkdtempSync(path.join(tmpdir(), 'edda-bench-'))
const ours = await edda(`file:${path.join(folder, 'edda.db')}`)
await sideBySide('sqlite', ours, [sqliteLimit(path.join(folder, 'limit.db'))])
rmSync(folder, { recursive: true })
