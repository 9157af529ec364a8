// `next build` with `output: 'standalone'` leaves out what a CDN would serve. We serve it ourselves: copy it in.
import { cpSync, existsSync } from 'node:fs'
import path from 'node:path'

const dashboard = path.resolve(import.meta.dirname, '../apps/dashboard')
const standalone = path.join(dashboard, '.next/standalone/apps/dashboard')

cpSync(path.join(dashboard, '.next/static'), path.join(standalone, '.next/static'), { recursive: true })
if (existsSync(path.join(dashboard, 'public'))) {
  cpSync(path.join(dashboard, 'public'), path.join(standalone, 'public'), { recursive: true })
}
