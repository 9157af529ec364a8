/** A process of its own that relays an outbox: started by tests and benchmarks, killed by them. Settings are JSON in the first argument; SIGTERM stops it. */
import { OutboxRelayer, type OutboxRelayerInternals, type OutboxRelayerOptions } from '../../src/outbox-relayer'

export interface RelaySettings {
  readonly options: Extract<OutboxRelayerOptions, { readonly dbUrl: string }>
  readonly internals: Pick<OutboxRelayerInternals, 'leaseMs' | 'backoff' | 'transport'>
}

const { options, internals } = JSON.parse(process.argv[2] ?? '') as RelaySettings
const relayer = new OutboxRelayer(options, internals)
await relayer.start()
process.once('SIGTERM', () => void relayer.stop())
