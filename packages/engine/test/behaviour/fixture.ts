/**
 * The behaviour suite through the public API: every `describeEverywhere` runs on memory, on memory with every coroutine rebuilt at every turn, on SQLite,
 * and on the servers that answer. Time is virtual, so nothing sleeps; the process can crash over a database that stays.
 */
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'
import { activity, workflow } from '../../src/index'
import type { Log } from '../../src/model/context'
import { createPrismaStorage } from '../../src/storage/prisma/prisma-storage'
import type { Storage } from '../../src/storage/storage'
import { createTestApp, type TestApp, type TestAppOptions, type VirtualClock } from '../../src/testing/index'
import { mysqlServer, postgresqlServer, type TestDatabase, type TestServer } from '../databases'
import { temporaryFolder } from '../temporary'

export type MakeTest = (options?: TestAppOptions) => Promise<TestApp>

export interface Place {
  readonly name: string
  readonly isSql: boolean
  readonly isReplayed: boolean
}

interface Home extends Place {
  /** Absent: memory. */
  storage?(clock: VirtualClock): Promise<Storage>
  enter?(): Promise<void>
  leave?(): Promise<void>
}

const HOMES: readonly Home[] = [
  { name: 'memory', isSql: false, isReplayed: false },
  { name: 'memory, rebuilt at every turn', isSql: false, isReplayed: true },
  {
    name: 'SQLite',
    isSql: true,
    isReplayed: false,
    storage: (clock) =>
      createPrismaStorage({ dbUrl: `file:${temporaryFolder()}/edda.db`, clock, synchronous: 'NORMAL' }),
  },
  ...(await servers()),
]

/** Runs the block once per storage. `makeTest` gives an app that is closed when its test ends. */
export function describeEverywhere(name: string, define: (makeTest: MakeTest, place: Place) => void): void {
  describeWhere(name, () => true, define)
}

/** Only where `ctx.session` reaches a database. */
export function describeOnSql(name: string, define: (makeTest: MakeTest, place: Place) => void): void {
  describeWhere(name, (place) => place.isSql, define)
}

function describeWhere(
  name: string,
  wanted: (place: Place) => boolean,
  define: (makeTest: MakeTest, place: Place) => void,
): void {
  for (const home of HOMES.filter(wanted)) {
    describe(`${name} (${home.name})`, () => {
      if (home.enter) beforeAll(home.enter)
      if (home.leave) afterAll(home.leave)
      define(makerFor(home), home)
    })
  }
}

function makerFor(home: Home): MakeTest {
  return async (options = {}) => {
    const test = await createTestApp({
      logger: SILENT,
      ...(home.storage ? { storage: home.storage } : {}),
      forceReplay: home.isReplayed,
      ...options,
    })
    onTestFinished(() => test.close())
    return test
  }
}

async function servers(): Promise<Home[]> {
  const homes: Home[] = []
  for (const server of [
    await asked('EDDA_TEST_POSTGRES_URL', postgresqlServer),
    await asked('EDDA_TEST_MYSQL_URL', mysqlServer),
  ]) {
    if (!server || server.missing) continue
    homes.push(serverHome(server))
  }
  return homes
}

async function asked(variable: string, connect: () => Promise<TestServer>): Promise<TestServer | undefined> {
  if (process.env[variable]) return connect()
  process.stdout.write(`behaviour not tested: ${variable} is empty\n`)
  return undefined
}

/** One database for the file, emptied before each test: migrating takes longer than most tests. */
function serverHome(server: TestServer): Home {
  let database: TestDatabase | undefined
  return {
    name: server.name,
    isSql: true,
    isReplayed: false,
    async enter() {
      database = await server.create()
    },
    async storage(clock) {
      if (!database) throw new Error('no database was made')
      await database.empty()
      return createPrismaStorage({ dbUrl: database.url, clock, poolSize: 2, useListenNotify: false })
    },
    async leave() {
      await database?.drop()
      database = undefined
    },
  }
}

const nothing = (): void => {}
/** What a test does not ask about is not said. */
export const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** A log that can be read: one string per line. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const at =
    (level: string) =>
    (fields: object | string, message?: string): void => {
      lines.push(`${level} ${typeof fields === 'string' ? fields : (message ?? '')}`)
    }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A door that an activity waits at until the test opens it. */
export function gate<Value = void>(): {
  readonly opened: Promise<Value>
  open(value: Value): void
  fail(error: unknown): void
} {
  let open: (value: Value) => void = nothing
  let fail: (error: unknown) => void = nothing
  const opened = new Promise<Value>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { opened, open, fail }
}

/** `type activityId` of each event. */
export async function historyOf(test: TestApp, instanceId: string): Promise<string[]> {
  const events = (await test.app.getHistory(instanceId)) ?? []
  return events.map((event) => `${event.type} ${event.activityId}`)
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { [field: string]: unknown }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { [field: string]: unknown }
  }
  throw new Error('This was expected to be rejected')
}

/** `first` succeeds, `second` fails until it is mended; counts the calls. */
export function breakable() {
  const calls = { first: 0, second: 0 }
  const state = { isBroken: true }
  const first = activity('first', async () => ++calls.first)
  const second = activity('second', { retry: { maxAttempts: 1 } }, async () => {
    calls.second++
    if (state.isBroken) throw new Error('broken')
    return 'mended'
  })
  const wf = workflow('breakable', async (ctx, _input: null) => {
    await first(ctx, null)
    await ctx.sleep('1m')
    ctx.setState('before second')
    return second(ctx, null)
  })
  return { calls, state, wf, first }
}
