// `npm run build`: generated code first, then every package in order. Turbo keeps what it built: unchanged packages cost
// nothing the next time.
import { pathToFileURL } from 'node:url'
import { generate } from './generate.mjs'
import { CommandError, runTool } from './lib/command.mjs'

/** @param {{ show?: boolean }} [options] */
export async function build(options) {
  await generate()
  await runTool('turbo/bin/turbo', ['run', 'build', '--output-logs=new-only'], options)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await build({ show: true }).catch((error) => {
    if (!(error instanceof CommandError)) console.error(error.message)
    process.exitCode = 1
  })
}
