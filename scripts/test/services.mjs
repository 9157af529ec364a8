// The database servers of a test run. In this order: one that answers at its URL, else one of our own from what is installed,
// else, where services are required and we may, from a Debian package installed for it.
import { probe, servers } from '../lib/databases.mjs'
import { canInstall, installPackage } from './debian.mjs'
import * as mariadb from './mariadb.mjs'
import * as postgres from './postgres.mjs'

const OWN = { postgresql: postgres, mysql: mariadb }

/** @typedef {{ name: string, env: string, url: string, version?: string, missing?: string, stop?: () => Promise<void> }} Service */

/** @param {{ required: boolean }} options @returns {Promise<Service[]>} */
export async function prepareServices({ required }) {
  const services = []
  for (const server of servers) {
    const found = await probe(server)
    services.push('version' in found ? { ...server, ...found } : await startOwn(server, found.missing, required))
  }
  return services
}

async function startOwn(server, missing, required) {
  // an address somebody asked for is not replaced by another behind their back
  if (process.env[server.env] !== undefined) return { ...server, missing }
  const own = OWN[server.provider]
  try {
    if (!own.findBinaries() && required && canInstall()) await installPackage(own.debianPackage)
    const binaries = own.findBinaries()
    if (!binaries) return { ...server, missing: `${missing}; not installed` }
    const { url, stop } = await own.start(binaries)
    const found = await probe({ ...server, url })
    return { ...server, ...found, url, stop }
  } catch (error) {
    return { ...server, missing: `${missing}; ${error.message}` }
  }
}
