import type { Lane } from './commit-lane'
import { createPostgresLane } from './commit-lane-postgresql'
import { createSetLane } from './commit-lane-set'
import { sqliteLane } from './commit-lane-sqlite'
import type { Dialect } from './database'

/** The fastest way of each database to write starts, guards and events. */
export function laneOf(dialect: Dialect): Lane {
  switch (dialect.name) {
    case 'sqlite':
      return sqliteLane
    case 'postgresql':
      return createPostgresLane(dialect)
    case 'mysql':
      return createSetLane(dialect)
  }
}
