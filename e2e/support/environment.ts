/** What the servers of the browser tests are started with; shared by playwright.config.ts and by tests with servers of their own. */
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

export const SCRIPTS = {
  api: path.join(root, 'apps/api/dist/main.mjs'),
  dashboard: path.join(root, 'apps/dashboard/.next/standalone/apps/dashboard/server.js'),
}

export function apiEnvironment(port: number, file: string): Record<string, string> {
  return {
    NODE_ENV: 'production',
    EDDA_PORT: String(port),
    EDDA_DB_URL: `file:${file}`,
    EDDA_WORKFLOWS: path.join(root, 'e2e/support/workflows.mjs'),
    EDDA_LOG_LEVEL: 'warn',
  }
}

export function dashboardEnvironment(port: number, apiUrl: string): Record<string, string> {
  return { NODE_ENV: 'production', PORT: String(port), HOSTNAME: '127.0.0.1', EDDA_API_URL: apiUrl }
}
