import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { probe, servers } from './scripts/lib/databases.mjs'

// One run for all packages. `source` lets tests read every workspace package from its source, never from a stale build.
const conditions = ['source', 'module', 'node', 'development|production']
// the dashboard's own name for its source folder
const alias = { '@': path.resolve(import.meta.dirname, 'apps/dashboard/src') }
const source = { resolve: { conditions, alias }, ssr: { resolve: { conditions } } }

function project(name: string, folder: string, env: Record<string, string>) {
  return {
    ...source,
    test: {
      name,
      root: folder,
      include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'],
      // Nothing is asserted about time, so these only end what hangs, even on a busy machine.
      testTimeout: 180_000,
      hookTimeout: 180_000,
      env,
    },
  }
}

/** EDDA_TEST_POSTGRES_URL and EDDA_TEST_MYSQL_URL as tests see them: the address of a server that answers, or ''. */
async function databaseUrls(): Promise<Record<string, string>> {
  const urls = await Promise.all(
    servers.map(async (server) => {
      const found = await probe(server)
      if ('missing' in found) console.warn(`not tested: ${server.name} (${server.env}: ${found.missing})`)
      return [server.env, 'missing' in found ? '' : server.url] as const
    }),
  )
  return Object.fromEntries(urls)
}

export default defineConfig(async () => {
  const env = await databaseUrls()
  return {
    test: {
      projects: [
        project('engine', 'packages/engine', env),
        project('api', 'apps/api', env),
        project('dashboard', 'apps/dashboard', env),
        { test: { name: 'scripts', root: 'scripts', include: ['**/*.test.mjs'] } },
      ],
      passWithNoTests: true,
      coverage: {
        provider: 'v8' as const,
        include: ['packages/*/src/**/*.ts', 'apps/api/src/**/*.ts'],
        exclude: ['**/generated/**', '**/*.{test,test-d}.ts'],
        reporter: ['text-summary', 'html'],
      },
    },
  }
})
