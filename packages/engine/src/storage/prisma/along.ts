/** Statements that are sent without waiting for the answers to those before them. */
import type { Along, Sql } from './database'

/** A failure of this side is known after as many turns of the microtask queue as promises stand around it. */
const TURNS = 16

/** Statements under way, and how they all end. */
export function collectAlong(): { readonly along: Along; sent(): Promise<void>; settled(): Promise<void> } {
  const sent: Promise<unknown>[] = []
  const failures: unknown[] = []
  return {
    along(statement) {
      // whoever awaits it below hears of it; until then it is not unhandled
      statement.catch((error: unknown) => failures.push(error))
      sent.push(statement)
    },
    /** @throws what kept a statement from being sent at all: the database does not know that it is missing, and would commit without it */
    async sent() {
      for (let turn = 0; turn < TURNS; turn++) await null
      if (failures.length > 0) throw failures[0]
    },
    async settled() {
      await Promise.all(sent)
    },
  }
}

/** The results of what is under way at once. It fails as the first that did, and only when nothing of it is under way any more. */
export async function together<const Of extends readonly unknown[]>(
  ...statements: { readonly [Index in keyof Of]: Promise<Of[Index]> }
): Promise<Of> {
  await Promise.allSettled(statements)
  return (await Promise.all(statements)) as unknown as Of
}

/** For drivers that keep no order among statements under way: each is sent when the one before it has been answered. `idle`: none is left to send. */
export function inTurn(sql: Sql): { readonly sql: Sql; idle(): Promise<unknown> } {
  let last: Promise<unknown> = Promise.resolve()
  const after = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const result = last.then(run, run)
    last = result.catch(() => undefined)
    return result
  }
  return {
    sql: {
      all: (text, params) => after(() => sql.all(text, params)),
      run: (text, params) => after(() => sql.run(text, params)),
    },
    idle: () => last,
  }
}
