/** Finding instances by parts of their ids and values of their inputs, where an index may answer: it must find all that a look at each row finds. */
import { expect, it } from 'vitest'
import { InvalidFilterError } from '../../model/errors'
import type { InstanceQuery, NewInstance } from '../storage'
import { completed, failed, START, startLeased } from './builders'
import { ids, type MakeStorage, useStorage } from './fixture'

export function searchContract(makeStorage: MakeStorage): void {
  const fixture = useStorage(makeStorage)
  const found = async (query: Partial<InstanceQuery>) => ids(await fixture.storage.instances({ limit: 100, ...query }))
  const make = async (instance: Partial<NewInstance>) => {
    const unit = startLeased(instance)
    await fixture.commit(unit, 'accepted')
    return unit.instance.id
  }

  it.each([
    ['a word', 'ORDER', ['order-0199a1b2-c3d4-7e5f', 'my_Order.17:b/c']],
    ['a part that spans a dash', 'b2-c3d', ['order-0199a1b2-c3d4-7e5f']],
    ['the same letters without the dash', 'b2c3d', []],
    ['two letters', '7e', ['order-0199a1b2-c3d4-7e5f']],
    ['a joint alone', '_', ['my_Order.17:b/c']],
    ['words around a blank', 'been here', ['has been here']],
    ['other letters', 'straße', ['straße-7']],
    ['another script beside letters', 'abc注文', ['abc注文-1']],
    ['what nothing has', 'nothing', []],
  ])('ids by %s', async (_, instanceId, expected) => {
    for (const id of ['order-0199a1b2-c3d4-7e5f', 'my_Order.17:b/c', 'has been here', 'straße-7', 'abc注文-1'])
      await make({ id })
    expect((await found({ instanceId })).toSorted()).toEqual(expected.toSorted())
  })

  const LONG = 'x'.repeat(20_000)
  it.each<[string, object, Record<string, string | number | boolean | null>]>([
    ['beside a text with U+0000', { ref: 'A-1', note: 'a\0b' }, { ref: 'A-1' }],
    ['beside half a character', { ref: 'A-1', note: '\ud800' }, { ref: 'A-1' }],
    ['beside something long', { ref: 'A-1', note: LONG }, { ref: 'A-1' }],
    ['beside what looks like an escape', { ref: 'A-1', note: '\\u0000 \\ud800' }, { ref: 'A-1' }],
    ['with backslashes beside such', { ref: 'C:\\ud\\', note: 'a\0b' }, { ref: 'C:\\ud\\' }],
    ['that is long', { ref: LONG }, { ref: LONG }],
    ['in a member named __proto__', JSON.parse('{"__proto__":{"ref":"A-1"}}'), { '__proto__.ref': 'A-1' }],
    ['that is large', { n: 1e21, m: -0.000_001 }, { n: 1e21, m: -0.000_001 }],
    ['next to a missing one', { ref: 'A-1' }, { ref: 'A-1', gone: null }],
    ['of two members of one object', { at: { x: 1, y: 2, z: 3 } }, { 'at.x': 1, 'at.y': 2 }],
  ])('inputs by a value %s', async (_, input, inputFilters) => {
    const fitting = await make({ input: JSON.stringify(input) })
    await make({ input: '{"ref":"A-2"}' })
    expect(await found({ inputFilters })).toEqual([fitting])
  })

  it.each<[string, Partial<InstanceQuery>]>([
    ['a path that is none', { inputFilters: { 'a[0]': 1 } }],
    ['a value with U+0000', { inputFilters: { a: 'a\0b' } }],
    ['half a character', { instanceId: 'order-\ud800' }],
    ['a tag with U+0000', { tags: { a: '\0' } }],
  ])('%s is refused', async (_, query) => {
    await expect(found(query)).rejects.toThrow(InvalidFilterError)
  })

  it('inputs by contradicting filters: nothing', async () => {
    await make({ input: '{"a":{"b":1}}' })
    expect(await found({ inputFilters: { a: 1, 'a.b': 1 } })).toEqual([])
  })

  it('parts, values and the other filters at once, in pages', async () => {
    const made: string[] = []
    for (let n = 0; n < 5; n++)
      made.push(await make({ id: `order-abc-${n}`, input: '{"sku":"A"}', startedAt: START + (n >> 1) }))
    await make({ id: 'order-abc-x', input: '{"sku":"B"}' })
    await make({ id: 'other-9', input: '{"sku":"A"}' })
    await fixture.apply('order-abc-3', completed())
    const query = { instanceId: 'ABC', inputFilters: { sku: 'A' }, workflowName: 'order', startedAfter: START }
    const expected = made.toReversed()
    expect(await found(query)).toEqual(expected)
    expect(await found({ ...query, status: ['completed'] })).toEqual(['order-abc-3'])
    expect(await found({ ...query, limit: 2, after: { startedAt: START + 1, id: 'order-abc-3' } })).toEqual(
      expected.slice(2, 4),
    )
    expect(await found({ ...query, startedBefore: START })).toEqual(expected.slice(3))
  })

  it('what changed since its start is found by what it is now', async () => {
    const id = await make({ input: '{"sku":"A"}' })
    await fixture.apply(id, failed('{"name":"Error","message":"card declined"}'))
    expect(await found({ inputFilters: { sku: 'A' }, status: ['failed'], errorText: 'DECLINED' })).toEqual([id])
    expect(await found({ inputFilters: { sku: 'A' }, status: ['running'] })).toEqual([])
  })

  it('what was removed is found no more, and its id may be used again', async () => {
    const id = await make({ id: 'order-again', input: '{"sku":"A"}' })
    await fixture.apply(id, completed())
    const day = 86_400_000
    const purge = { messageRetentionMs: day, historyRetentionMs: day, inboxRetentionMs: day, limit: 100 }
    await fixture.storage.purge({ ...purge, now: START + 2 * day })
    expect(await found({ instanceId: 'again', inputFilters: { sku: 'A' } })).toEqual([])
    await make({ id, input: '{"sku":"B"}', startedAt: START + 1 })
    expect(await found({ instanceId: 'again', inputFilters: { sku: 'A' } })).toEqual([])
    expect(await found({ instanceId: 'again', inputFilters: { sku: 'B' } })).toEqual([id])
  })
}
