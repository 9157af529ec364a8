/**
 * The lazy transaction of one activity attempt: the user's statements through Prisma, the engine's through the same connection, one COMMIT. The guard's
 * row lock is taken only there, so an open session keeps nobody from the instance.
 */
import type { Session, Storage } from '../storage'
import type { TransitionUnit, Verdict } from '../units'
import { createWriter } from './commit'
import type { Database, InteractiveTransaction } from './database'

export function createSessions(database: Database): Pick<Storage, 'openSession'> {
  const writer = createWriter(database)
  const judge = async (transaction: InteractiveTransaction, unit: TransitionUnit): Promise<Verdict> => {
    try {
      const [verdict] = await writer.join(transaction.sql, [unit])
      if (!verdict) throw new Error('A unit was left without a verdict')
      if (verdict.kind === 'lost') await transaction.rollback()
      return verdict
    } catch (error) {
      await transaction.rollback()
      throw error
    }
  }
  return {
    async openSession({ timeoutMs }): Promise<Session> {
      const transaction = await database.interactive({ timeoutMs })
      let savepoints = 0
      return {
        client: transaction.client,
        async savepoint(fn) {
          const name = `edda_${++savepoints}`
          await transaction.client.$executeRawUnsafe(`SAVEPOINT ${name}`)
          try {
            const result = await fn()
            await transaction.client.$executeRawUnsafe(`RELEASE SAVEPOINT ${name}`)
            return result
          } catch (error) {
            await transaction.client.$executeRawUnsafe(`ROLLBACK TO SAVEPOINT ${name}`)
            throw error
          }
        },
        async commit(unit) {
          const verdict = await judge(transaction, unit)
          if (verdict.kind === 'lost') return verdict
          try {
            await transaction.commit()
            return verdict
          } catch (error) {
            // Perhaps only the answer was lost: what is recorded must not run again.
            const outcome = await writer.outcome(unit)
            if (!outcome) throw error
            return outcome
          }
        },
        rollback: () => transaction.rollback(),
      }
    },
  }
}
