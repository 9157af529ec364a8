/** A read that met a dead pooled connection is asked again on another: nothing has happened, and the pool may hold several that died together. */
import { backoff } from './backoff'

const ATTEMPTS = 4

export async function retryRead<Result>(
  read: () => Promise<Result>,
  isDown: (error: unknown) => boolean,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (attempt === ATTEMPTS || !isDown(error)) throw error
      await backoff(attempt)
    }
  }
}
