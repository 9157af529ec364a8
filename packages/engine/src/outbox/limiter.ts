/** At most `limit` tasks at once, first come first served. */

export interface Limiter {
  run<T>(task: () => Promise<T>): Promise<T>
  /** Resolves when nothing is running or waiting. */
  idle(): Promise<void>
}

export function createLimiter(limit: number): Limiter {
  const waiting: Array<() => void> = []
  const idlers: Array<() => void> = []
  let running = 0

  async function run<T>(task: () => Promise<T>): Promise<T> {
    if (running >= limit) await new Promise<void>((go) => waiting.push(go))
    else running++
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      // the place is handed over without ever being free, so nobody can slip in between
      if (next) next()
      else if (--running === 0) for (const done of idlers.splice(0)) done()
    }
  }

  function idle(): Promise<void> {
    return running === 0 ? Promise.resolve() : new Promise((done) => idlers.push(done))
  }

  return { run, idle }
}
