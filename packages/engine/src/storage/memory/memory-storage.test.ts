import { describe, expect, it } from 'vitest'
import { ConfigurationError, InvalidStateError } from '../../model/errors'
import { START, start } from '../contract/builders'
import { describeStorage, type MakeStorage } from '../contract/describe-storage'
import { createMemoryStorage } from './memory-storage'

const makeStorage: MakeStorage = async () => {
  let now = START
  const clock = {
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
  }
  const storage = createMemoryStorage({ clock })
  await storage.open({ autoMigrate: true })
  return { storage, clock, close: () => storage.close() }
}

describeStorage('memory', makeStorage, { propertyRuns: 300 })

describe('memory storage', () => {
  it('has no SQL client to offer, and says so', async () => {
    const { storage } = await makeStorage()
    const session = await storage.openSession({ timeoutMs: 1_000 })
    expect(() => session.client).toThrow(ConfigurationError)
    await session.rollback()
    await expect(session.rollback()).rejects.toThrow(InvalidStateError)
  })

  it('joins no transaction of yours', async () => {
    const { storage } = await makeStorage()
    await expect(storage.commit([start()], { tx: {} })).rejects.toThrow(ConfigurationError)
    expect(await storage.instances({ limit: 1 })).toEqual([])
  })
})
