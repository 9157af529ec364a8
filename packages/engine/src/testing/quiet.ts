/** Waits until nothing happens any more: nobody is busy, and for some turns of the event loop in a row none of the watched figures moved. */

const CALM_TURNS = 12

/** @param work what a calm process may still be doing: whether it awaits an answer, and for how many turns a replay keeps to itself */
export async function quiet(
  figures: () => readonly number[],
  work: () => { readonly isAsking: boolean; readonly replayTurns: number } = () => ({
    isAsking: false,
    replayTurns: 0,
  }),
): Promise<void> {
  let before = figures()
  for (let calm = 0; calm < CALM_TURNS + work().replayTurns; ) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const now = figures()
    calm = !work().isAsking && now.every((figure, index) => figure === before[index]) ? calm + 1 : 0
    before = now
  }
}
