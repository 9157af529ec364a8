/** Ways to spoil the sample world, and what a case of it is: one thing wrong, and what the checker must say. */
import { type Spoilable, sample } from './sample'

export interface Case {
  readonly invariant: string
  readonly wrong: string
  readonly says: string
  spoil(world: Spoilable): void
}

/** The sample with one thing changed. */
export function spoilt(spoil: (world: Spoilable) => void): Spoilable {
  const { expectations, ...rest } = sample()
  const world = { ...structuredClone(rest), expectations } as Spoilable
  spoil(world)
  return world
}

export function one<Item>(items: readonly Item[], isIt: (item: Item) => boolean): Item {
  const found = items.find(isIt)
  if (!found) throw new Error('the sample has no such thing')
  return found
}

export const instance = (world: Spoilable, id: string) => one(world.instances, (row) => row.id === id)
export const events = (world: Spoilable, id: string) => {
  const found = world.history.get(id)
  if (!found) throw new Error(`no history of ${id}`)
  return found
}
export const event = (world: Spoilable, id: string, seq: number) => one(events(world, id), (row) => row.seq === seq)
export const effect = (world: Spoilable, key: string, attempt: number, kind: string) =>
  one(world.effects, (row) => row.idempotencyKey === key && row.attempt === attempt && row.kind === kind)
