import { describe, expect, test } from 'vitest'
import { collationOf } from './mysql/version'
import { checkVersion } from './postgresql/version'

describe('PostgreSQL', () => {
  test('13 and newer are supported', () => {
    for (const version of ['130000', '150020', '180001']) expect(() => checkVersion(version, 'here')).not.toThrow()
  })
  test('older ones are refused by name', () => {
    expect(() => checkVersion('120022', 'PostgreSQL at db:5432, database "edda"')).toThrow(
      'PostgreSQL at db:5432, database "edda" is version 12; PostgreSQL 13 is the oldest supported',
    )
  })
})

describe('MySQL and MariaDB', () => {
  test.for([
    ['8.0.16', 'utf8mb4_bin'],
    ['8.0.36-0ubuntu0.22.04.1', 'utf8mb4_0900_bin'],
    ['8.4.0', 'utf8mb4_0900_bin'],
    ['9.1.0', 'utf8mb4_0900_bin'],
    ['10.6.0-MariaDB', 'utf8mb4_nopad_bin'],
    ['10.11.19-MariaDB-0+deb12u1', 'utf8mb4_nopad_bin'],
    ['11.4.2-MariaDB', 'utf8mb4_nopad_bin'],
  ])('%s compares texts with %s', ([version = '', collation]) => {
    expect(collationOf(version, 'here')).toBe(collation)
  })
  test.for(['5.7.44', '10.5.23-MariaDB-1', '5.5.68-MariaDB'])('%s is refused', (version) => {
    expect(() => collationOf(version, 'MySQL at db:3306, database "edda"')).toThrow(
      `MySQL at db:3306, database "edda" is version ${version}; MySQL 8.0 and MariaDB 10.6 are the oldest supported`,
    )
  })
})
