/** A process that runs what another one starts and wakes; it says when it is ready and ends when it is told to. */
import { EddaApp } from '@edda/engine'
import { waits } from './waits'

const app = new EddaApp({ serviceName: 'bench', dbUrl: process.argv[2] ?? '', workflows: [waits] })
await app.initialize()
process.once('message', () => {
  void app.shutdown().then(() => process.disconnect())
})
process.send?.('ready')
