import { describe, expect, it } from 'vitest'
import { affectedBy, type Change } from './live-topics'

const change = (partial: Partial<Change>): Change => ({ reset: false, topics: [], instanceIds: [], ...partial })
const key = (path: string, input?: object) => [path.split('.'), { input, type: 'query' }] as const

describe('affectedBy', () => {
  it('asks an instance page again only when its own instance changed', () => {
    const isAffected = affectedBy([change({ topics: ['instances'], instanceIds: ['a'] })])
    expect(isAffected(key('instances.get', { id: 'a' }))).toBe(true)
    expect(isAffected(key('instances.get', { id: 'b' }))).toBe(false)
    expect(isAffected(key('instances.find', { limit: 50 }))).toBe(true)
    expect(isAffected(key('audit.list'))).toBe(false)
  })

  it('asks every instance page when nobody can say which instance changed', () => {
    const isAffected = affectedBy([
      change({ topics: ['instances'], instanceIds: ['a'] }),
      change({ topics: ['instances'] }),
    ])
    expect(isAffected(key('instances.history', { id: 'b' }))).toBe(true)
  })

  it('asks for everything but the session after a gap', () => {
    const isAffected = affectedBy([change({ reset: true })])
    expect(isAffected(key('workers.list'))).toBe(true)
    expect(isAffected(key('workflows.get', { name: 'x' }))).toBe(true)
    expect(isAffected(key('session.me'))).toBe(false)
  })

  it('leaves what is static alone: a diagram does not change with its instances', () => {
    expect(affectedBy([change({ topics: ['instances'] })])(key('workflows.diagram', { name: 'x' }))).toBe(false)
  })
})
