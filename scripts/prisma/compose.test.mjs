import { describe, expect, test } from 'vitest'
import { compose } from './compose.mjs'

const body = (models, provider) => compose(models, provider).split('\n\n').slice(3).join('\n\n').trim()

describe('compose', () => {
  test('each provider gets its own native type and no comment', () => {
    const line = '  note String? /// mysql: @db.LongText /// postgresql: @db.VarChar(200)'
    expect(body(line, 'mysql')).toBe('note String? @db.LongText')
    expect(body(line, 'postgresql')).toBe('note String? @db.VarChar(200)')
    expect(body(line, 'sqlite')).toBe('note String?')
  })

  test.each([';', ',', '|', ' ', ' /// '])('alternatives may be separated by "%s"', (separator) => {
    const line = `a Decimal /// mysql: @db.Decimal(10, 2)${separator}postgresql: @db.Money`
    expect(body(line, 'mysql')).toBe('a Decimal @db.Decimal(10, 2)')
    expect(body(line, 'postgresql')).toBe('a Decimal @db.Money')
  })

  test('another type replaces the written one', () => {
    const line = 'seq BigInt @id @default(autoincrement()) /// sqlite: Int'
    expect(body(line, 'sqlite')).toBe('seq Int @id @default(autoincrement())')
    expect(body(line, 'mysql')).toBe('seq BigInt @id @default(autoincrement())')
  })

  test('a line of its own is an attribute of the model for one provider', () => {
    const line = 'x Int\n  /// postgresql: @@index([x], type: Hash)\ny Int'
    expect(body(line, 'postgresql')).toBe('x Int\n  @@index([x], type: Hash)\ny Int')
    expect(body(line, 'sqlite')).toBe('x Int\ny Int')
  })

  test('other comments stay', () => {
    const line = '/// Times are epoch milliseconds.\na Int // why'
    expect(body(line, 'mysql')).toBe(line)
  })
})
