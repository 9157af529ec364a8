import { expect, test } from 'vitest'
import { sharedRead } from './shared-read'

test('one read serves all who ask within the moment, per key; a failure is not kept', async () => {
  let at = 0
  let reads = 0
  const read = sharedRead(
    async (key: { n: number }) => {
      if (key.n < 0) throw new Error(`read ${++reads}`)
      return `${key.n} read ${++reads}`
    },
    { keptMs: 200, now: () => at },
  )
  expect(await Promise.all([read({ n: 1 }), read({ n: 1 }), read({ n: 2 })])).toEqual([
    '1 read 1',
    '1 read 1',
    '2 read 2',
  ])
  at += 199
  expect(await read({ n: 1 })).toBe('1 read 1')
  at += 1
  expect(await read({ n: 1 })).toBe('1 read 3')
  await expect(read({ n: -1 })).rejects.toThrow('read 4')
  await expect(read({ n: -1 })).rejects.toThrow('read 5')
})

test('an expensive read is done in a tenth of the time, and those who ask meanwhile get the next one', async () => {
  let at = 0
  const waited: number[] = []
  const costs = [50, 500, 1]
  let reads = 0
  const sleep = async (ms: number) => {
    waited.push(ms)
    await null
    at += ms
  }
  const read = sharedRead(
    async () => {
      at += costs[reads] ?? 0
      return ++reads
    },
    { keptMs: 200, now: () => at, sleep },
  )
  expect(await read(null)).toBe(1)
  await Promise.resolve()
  at = 300
  expect(await Promise.all([read(null), read(null)])).toEqual([2, 2])
  expect(waited).toEqual([200])
  await Promise.resolve()
  // 500 ms of cost would mean five seconds; nobody waits that long
  expect(await read(null)).toBe(3)
  expect(waited).toEqual([200, 200])
})
