import { expect, test } from 'vitest'
import { collectAlong } from './along'

const never = new Promise<never>(() => {})

test('a statement that could not be sent is known before COMMIT is', async () => {
  const { along, sent } = collectAlong()
  const unsendable = async (): Promise<void> => {
    throw new TypeError('no parameter')
  }
  along(never)
  along(Promise.all([never, (async () => await unsendable())()]).then(() => undefined))
  await expect(sent()).rejects.toThrow('no parameter')
})

test('statements under way are not waited for', async () => {
  const { along, sent } = collectAlong()
  along(never)
  expect(await sent()).toBeUndefined()
})

test('all have to succeed, and the first that did not is told', async () => {
  const { along, settled } = collectAlong()
  along(Promise.resolve(1))
  along(Promise.reject(new Error('refused')))
  await expect(settled()).rejects.toThrow('refused')
})
