// `npm run generate`: prisma/models.prisma -> three schemas (committed) -> three clients and the embedded migrations
// (both git-ignored, below packages/engine/src/generated). Does nothing when inputs and outputs are those of the last run.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { compose } from './prisma/compose.mjs'
import { embedMigrations } from './prisma/embed.mjs'
import { generatedDir, modelsFile, PROVIDERS, readIfPresent, root, schemaFile } from './prisma/providers.mjs'

const stampFile = path.join(generatedDir, '.stamp')
const migrationsFile = path.join(generatedDir, 'migrations.ts')
const clientFile = (provider) => path.join(generatedDir, provider, 'client.ts')

export async function generate() {
  if (!existsSync(modelsFile)) throw new Error('prisma/models.prisma is missing')
  writeSchemas()
  mkdirSync(generatedDir, { recursive: true })
  const migrations = embedMigrations()
  if (readIfPresent(migrationsFile) !== migrations) writeFileSync(migrationsFile, migrations)

  const stamp = inputsHash()
  if (readIfPresent(stampFile) === stamp && PROVIDERS.every((provider) => existsSync(clientFile(provider))))
    return false
  rmSync(stampFile, { force: true })
  await Promise.all(PROVIDERS.map(generateClient))
  writeFileSync(stampFile, stamp)
  return true
}

export function writeSchemas() {
  const models = readFileSync(modelsFile, 'utf8')
  for (const provider of PROVIDERS) {
    const schema = compose(models, provider)
    if (readIfPresent(schemaFile(provider)) === schema) continue
    mkdirSync(path.dirname(schemaFile(provider)), { recursive: true })
    writeFileSync(schemaFile(provider), schema)
  }
}

function inputsHash() {
  const prisma = JSON.parse(readFileSync(path.join(root, 'node_modules/prisma/package.json'), 'utf8'))
  const hash = createHash('sha256').update(prisma.version)
  for (const provider of PROVIDERS) hash.update(readFileSync(schemaFile(provider)))
  return hash.digest('hex')
}

/**
 * Generating needs no engine binary, but the CLI downloads one before every command unless this variable names an existing
 * file. `false` rather than `true`: a command that does need the engine must fail, not succeed having done nothing.
 */
const noEngine = process.platform === 'win32' ? process.execPath : '/bin/false'

function generateClient(provider) {
  const cli = path.join(root, 'node_modules/prisma/build/index.js')
  const child = spawn(process.execPath, [cli, 'generate', '--no-hints', '--schema', schemaFile(provider)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? noEngine,
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`prisma generate, ${provider}:\n${output}`))))
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const startedAt = Date.now()
  const done = await generate()
  console.log(done ? `Prisma clients generated in ${Date.now() - startedAt} ms` : 'Prisma clients are up to date')
}
