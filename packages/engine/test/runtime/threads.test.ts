import { expect, test } from 'vitest'
import { activity, workflow } from '../../src/index'
import { createTestApp } from '../../src/testing/index'

const module = (name: string): URL => new URL(`./threads/${name}.mjs`, import.meta.url)
const never = () => {
  throw new Error('the body of a thread activity runs in its module')
}

async function run(name: string, input: object, options: { timeout?: string; maxAttempts?: number } = {}) {
  const { timeout, maxAttempts = 1 } = options
  const act = activity(
    'threaded',
    {
      thread: module(name),
      retry: { maxAttempts, initialInterval: 0 },
      ...(timeout ? { timeout: timeout as '1s' } : {}),
    },
    never,
  )
  const wf = workflow('threads', async (ctx, given: object) => act(ctx, given as never))
  const kit = await createTestApp({ workflows: [wf] })
  const handle = await kit.start(wf, input)
  return { kit, handle }
}

/** The thread runs in real time; the clock of the app does not. */
async function ended(kit: Awaited<ReturnType<typeof createTestApp>>, id: string): Promise<void> {
  while ((await kit.storage.ended([id])).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await kit.settle()
  }
}

test('the default export of the module runs in a thread, with the input and the attempt', async () => {
  const { kit, handle } = await run('double', { n: 21 })
  await ended(kit, handle.instanceId)
  expect(await handle.result()).toEqual({ doubled: 42, attempt: 1, isMainThread: false })
  await kit.close()
})

test('an error in the thread keeps class, message and fields', async () => {
  const { kit, handle } = await run('throw', { kind: 'throw' })
  await ended(kit, handle.instanceId)
  await expect(handle.result()).rejects.toMatchObject({
    cause: { name: 'RetryExhaustedError', cause: { name: 'RangeError', message: 'too far' } },
  })
  await kit.close()
})

test('a thread that dies is a failed attempt, not a crash of the process', async () => {
  const { kit, handle } = await run('throw', { kind: 'exit' }, { maxAttempts: 2 })
  await ended(kit, handle.instanceId)
  await expect(handle.result()).rejects.toThrow(/failed after 2 attempts/)
  await kit.close()
})

test('a module without a default function says so', async () => {
  const { kit, handle } = await run('no-default', {})
  await ended(kit, handle.instanceId)
  await expect(handle.result()).rejects.toMatchObject({
    cause: { cause: { message: expect.stringMatching(/must export default a function/) } },
  })
  await kit.close()
})

test('a thread that blocks is ended by the timeout while everything else goes on', async () => {
  const { kit, handle } = await run('block', { ms: 600_000 }, { timeout: '1s' })
  await kit.advance('2s')
  await ended(kit, handle.instanceId)
  await expect(handle.result()).rejects.toMatchObject({ cause: { cause: { name: 'TimeoutError' } } })
  await kit.close()
})
