/** CPU time, which moves little with what else a machine does. Of others than this process it is read from /proc: on Linux, of what runs on this machine. */
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'

/** Of the kernel, everywhere. */
const TICK_US = 10_000

/** µs so far, by process: of this one and its children, and of the database's sessions. */
export interface CpuTimes {
  readonly process: number
  readonly server: ReadonlyMap<number, number> | null
}

export interface CpuWatch {
  read(): Promise<CpuTimes>
  close(): Promise<void>
}

/** Of the database's sessions; null where it cannot be read, or when one of them has ended meanwhile and taken its time with it. */
export function serverBetween(before: CpuTimes, after: CpuTimes): number | null {
  if (!before.server || !after.server) return null
  let total = 0
  for (const [pid, us] of before.server) {
    if (!after.server.has(pid)) return null
    total -= us
  }
  for (const us of after.server.values()) total += us
  return total
}

export async function watchCpu(databaseUrl: string): Promise<CpuWatch> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  return {
    async read() {
      const { rows } = await client.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      )
      const { user, system } = process.cpuUsage()
      const own = [...(times(children())?.values() ?? [])].reduce((all, us) => all + us, user + system)
      return { process: own, server: times(rows.map(({ pid }) => pid)) }
    },
    close: () => client.end(),
  }
}

function times(pids: readonly number[]): ReadonlyMap<number, number> | null {
  try {
    return new Map(
      pids.map((pid) => {
        const fields = fieldsOf(pid)
        return [pid, (Number(fields[11]) + Number(fields[12])) * TICK_US]
      }),
    )
  } catch {
    return null
  }
}

/** From the state on; the name before it may hold anything. */
function fieldsOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
}

function children(): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && isChild(pid))
  } catch {
    return []
  }
}

function isChild(pid: number): boolean {
  try {
    return Number(fieldsOf(pid)[1]) === process.pid
  } catch {
    return false
  }
}
