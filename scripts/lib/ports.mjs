// A port that is taken is the most common reason for a start to fail: say so before the long part, and say what to change.
import { createServer } from 'node:net'

/** @param {string} variable @param {number} fallback */
export function portFromEnv(variable, fallback) {
  const text = process.env[variable] ?? String(fallback)
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new Error(`${variable}=${text} is not a port: a whole number from 1 to 65535 is needed`)
}

/** @param {number} port */
export function isPortFree(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** @param {{ name: string, variable: string, port: number }} service */
export async function requireFreePort({ name, variable, port }) {
  if (await isPortFree(port)) return
  throw new Error(
    `Port ${port} is in use, so ${name} cannot listen there.\n` +
      `Stop what uses it, or choose another: ${variable}=${port + 10} npm start`,
  )
}
