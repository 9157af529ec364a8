import { expect, it } from 'vitest'
import { Tracked } from './tracked'

interface Item {
  readonly id: string
  readonly color: string
  count: number
}
const byId = (item: Item) => item.id
const item = (id: string, color = 'red', count = 0): Item => ({ id, color, count })

it('tells new, touched and removed rows from those that stay', () => {
  const [kept, changed, removed] = [item('kept'), item('changed'), item('removed')]
  const items = new Tracked([kept, changed, removed], byId)
  changed.count++
  items.touch(changed)
  items.delete(removed)
  const added = items.put(item('added'))
  expect(items.changes()).toEqual({ put: [added], changed: [changed], removed: [removed] })
})

it('a row that is put in the place of another is a change', () => {
  const items = new Tracked([item('a', 'red')], byId)
  const other = items.put(item('a', 'blue'))
  expect(items.changes()).toEqual({ put: [], changed: [other], removed: [] })
})

it('a new row that goes again leaves no trace', () => {
  const items = new Tracked<Item>([], byId)
  items.delete(items.put(item('a')))
  expect(items.changes()).toEqual({ put: [], changed: [], removed: [] })
})

it('look-ups follow what is put, replaced and deleted', () => {
  const items = new Tracked([item('a'), item('b')], byId, [(row) => row.color])
  const replaced = items.put(item('a', 'blue'))
  expect(items.group(0, 'blue')).toEqual([replaced])
  expect(items.group(0, 'red').map(byId)).toEqual(['b'])
  items.delete(replaced)
  expect(items.group(0, 'blue')).toEqual([])
})
