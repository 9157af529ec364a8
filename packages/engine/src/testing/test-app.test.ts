/** The kit itself: quiet is when nobody waits for the database any more, however slowly it answers. */
import { expect, onTestFinished, test } from 'vitest'
import { activity, workflow } from '../index'
import { createMemoryStorage } from '../storage/memory/memory-storage'
import type { Session, Storage } from '../storage/storage'
import { createTestApp, type TestApp, type TestAppOptions } from './test-app'

/** Far more turns of the event loop than the kit waits for without being told that somebody asks. */
async function slowly(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
}

interface SlowSession {
  readonly events: string[]
  open(storage: Storage): Promise<Session>
}

/** Sessions over memory, whose every answer takes its time. */
function slowSessions(): SlowSession {
  const events: string[] = []
  const told = async (event: string): Promise<void> => {
    await slowly()
    events.push(event)
  }
  return {
    events,
    async open(storage) {
      await told('open')
      return {
        client: { statement: () => told('statement') },
        async savepoint(fn) {
          await told('savepoint')
          const result = await fn()
          await told('release')
          return result
        },
        async commit(unit) {
          await told('commit')
          const [verdict] = await storage.commit([unit])
          if (!verdict) throw new Error('no verdict')
          return verdict
        },
        rollback: () => told('rollback'),
      }
    },
  }
}

async function kitOver(sessions: SlowSession, options: TestAppOptions): Promise<TestApp> {
  const kit = await createTestApp({
    ...options,
    storage: async (clock) => {
      const memory = createMemoryStorage({ clock })
      return { ...memory, openSession: () => sessions.open(memory) }
    },
  })
  onTestFinished(() => kit.close())
  return kit
}

test('a nested transaction is waited for while the database is slow to open and to release it', async () => {
  const nested = activity('nested', async (ctx) => ctx.transaction(async () => 'inner'))
  const wf = workflow('nesting', async (ctx, _input: null) => nested(ctx, null))
  const sessions = slowSessions()
  const kit = await kitOver(sessions, { workflows: [wf] })
  expect(await (await kit.start(wf, null)).result()).toBe('inner')
  expect(sessions.events).toEqual(['open', 'savepoint', 'release', 'commit'])
})

test('user code that waits inside of a nested transaction does not keep the kit waiting', async () => {
  let open: () => void = () => {}
  const door = new Promise<void>((resolve) => {
    open = resolve
  })
  const nested = activity('nested', async (ctx) => ctx.transaction(async () => door.then(() => 'inner')))
  const wf = workflow('nesting', async (ctx, _input: null) => nested(ctx, null))
  const sessions = slowSessions()
  const kit = await kitOver(sessions, { workflows: [wf] })
  const run = await kit.start(wf, null)
  await kit.settle()
  expect(sessions.events).toEqual(['open', 'savepoint'])
  open()
  expect(await run.result()).toBe('inner')
})

test('what a dead process left open is rolled back before the next one looks, also what opened only after its death', async () => {
  let crash = true
  const touching = activity('touching', async (ctx) => {
    const client = ctx.session as { statement(): Promise<void> }
    const answer = client.statement()
    if (crash) kit.crash()
    crash = false
    await answer
    return ctx.attempt
  })
  const wf = workflow('touching', async (ctx, _input: null) => touching(ctx, null))
  const sessions = slowSessions()
  const kit = await kitOver(sessions, { workflows: [wf] })
  const run = await kit.start(wf, null)
  expect(await run.result()).toBe(2)
  expect(sessions.events).toEqual(['open', 'rollback', 'open', 'statement', 'commit'])
})
