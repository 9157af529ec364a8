/** Ours beside the limit in one process, in turn: the shape of the benchmarks of one database. */
import type { edda } from './edda'
import { report } from './report'
import { type Contender, count, type Figures, measure, SIZES } from './work'

export async function sideBySide(
  name: string,
  ours: Awaited<ReturnType<typeof edda>>,
  others: readonly [limit: Contender, ...Contender[]],
): Promise<void> {
  const contenders: readonly Contender[] = [...others, ours]
  const rounds = new Map<string, Figures[]>(contenders.map((contender) => [contender.name, []]))
  for (let round = -SIZES.warmUp; round < SIZES.rounds; round++) {
    for (const contender of contenders) {
      const measured = await measure(contender)
      if (round >= 0) rounds.get(contender.name)?.push(measured)
    }
  }
  const counts = await count(ours)
  for (const { close } of contenders) await close()
  await report({ name, limit: others[0].name, rounds, counts })
}
