// A Chromium for Playwright: the one named by PLAYWRIGHT_CHROMIUM_PATH, an installed one, Debian's package, or the one
// Playwright downloads, whichever comes first.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { runTool, step } from '../lib/command.mjs'
import { canInstall, installPackage } from './debian.mjs'

const require = createRequire(import.meta.url)
const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of a Chromium on this system; undefined: Playwright's own. */
export const systemChromium = () => process.env.PLAYWRIGHT_CHROMIUM_PATH ?? INSTALLED.find((file) => existsSync(file))

export const chromiumArguments = () => [
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Chromium has no sandbox for root
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

const playwrightHasOwn = () => existsSync(require('@playwright/test').chromium.executablePath())

/** @returns {Promise<string | undefined>} why there is none */
export async function prepareBrowser() {
  if (systemChromium() || playwrightHasOwn()) return undefined
  try {
    if (canInstall()) await installPackage('chromium')
    else {
      await step('Downloading Chromium', () =>
        runTool('@playwright/test/cli.js', ['install', 'chromium'], { env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '' } }),
      )
    }
    return undefined
  } catch (error) {
    return `no Chromium, and none could be installed (${error.message})`
  }
}
