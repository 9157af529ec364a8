/**
 * One contender in a process of its own, told by its parent when to be measured. It opens what it needs for a round and closes it again, so that nobody
 * polls while another one is measured; its compiled code stays.
 */
import path from 'node:path'
import { type Contender, type Counts, count, type Figures, measure, type Sizes, warmUp } from './work'

export interface Turn {
  readonly url: string
  readonly warmUpMs: number
  readonly sizes: Sizes
  readonly isCounted: boolean
}
export type Answer = { readonly figures: Figures; readonly counts?: Counts } | { readonly error: string }

const name = process.argv[2] ?? ''

process.on('message', (turn: Turn) => void take(turn).then((answer) => process.send?.(answer)))
process.on('disconnect', () => process.exit(0))

async function take({ url, warmUpMs, sizes, isCounted }: Turn): Promise<Answer> {
  try {
    const contender = await open(url)
    try {
      await warmUp(contender, warmUpMs)
      const figures = await measure(contender, sizes)
      return { figures, ...(isCounted && contender.counters && { counts: await count(contender, sizes) }) }
    } finally {
      await contender.close()
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

async function open(url: string): Promise<Contender> {
  if (name === 'limit') return (await import('./limit')).postgresLimit(url)
  if (name === 'edda') return (await import('./edda')).edda(url)
  // installed apart from the workspace, so nothing here may know them by type
  const peer: { open(url: string): Promise<Contender> } = await import(
    path.join(import.meta.dirname, '..', 'peers', `${name}.ts`)
  )
  return peer.open(url)
}
