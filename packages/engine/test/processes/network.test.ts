/** What lies between a worker and its database fails: connections are cut at every statement, the server dies and comes back, notifications fall silent. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../temporary'
import { check } from './checker/judge'
import { Cluster, type WorkerProcess } from './cluster'
import { Observer, surprises } from './observer'
import { describeOnPostgresql, describeOnServers, HANGS_MS } from './places'
import { findMariadb, findPostgresql, PrivateServer } from './private-server'
import { CUTS, TcpProxy } from './proxy'
import { KINDS } from './workload'

const LOAD = { do: 'load' as const, kinds: [...KINDS, 'booking'] }
const NEVER_SECONDS = 100_000

describeOnServers('connections', (place) => {
  test(
    'that are cut at their first statement, their second and so on lose nothing and double nothing',
    async () => {
      const { cluster, observer } = await place.scene({ leaseSeconds: 10 })
      const proxy = await TcpProxy.before(cluster.dbUrl)
      onTestFinished(() => proxy.close())
      const workers = await Promise.all([1, 2].map(() => cluster.worker({ dbUrl: proxy.through(cluster.dbUrl) })))
      proxy.cutEach()
      const isEnough = (): boolean => CUTS.every((cut) => proxy.cuts[cut] >= 10)
      for (let load = 0; !isEnough(); load++) {
        // starts that are cut off have an unknown outcome, and the caller is told so
        const loads = workers.map((worker, n) => worker.ask({ ...LOAD, prefix: `n${n}-${load}`, count: 8 }))
        await Promise.allSettled(loads)
        await cluster.until(async () => isEnough() || (await observer.unfinished()) === 0, 'connections to be cut')
      }
      proxy.heal()
      await end(workers, cluster, observer, 'cut')
    },
    HANGS_MS,
  )
})

for (const product of [findPostgresql(), findMariadb()]) {
  describe.skipIf(!product)(`${product?.name ?? 'a server that is not installed'} is killed`, () => {
    test(
      'under load and comes back: workers go on, what was committed stays, nothing is doubled',
      async () => {
        if (!product) return
        const server = await PrivateServer.create(product)
        onTestFinished(() => server.close())
        const folder = temporaryFolder()
        const cluster = new Cluster(server.url, folder, { hasLedger: true, leaseSeconds: 10, holdsSessions: true })
        onTestFinished(() => cluster.close())
        const first = await Observer.open(server.url, { ledger: true })
        await first.close()
        // each booking keeps a connection while it is held
        const workers = await Promise.all([1, 2].map(() => cluster.worker({ poolSize: 8 })))
        for (let kills = 0; kills < 2; kills++) {
          await Promise.all(workers.map((worker) => worker.ask({ do: 'hold' })))
          await Promise.all(workers.map((worker, n) => worker.ask({ ...LOAD, prefix: `s${kills}${n}`, count: 16 })))
          await cluster.untilEffects(
            ({ kind, name, instance }) => kind === 'begin' && name === 'book' && instance.startsWith(`s${kills}`),
            4,
            'bookings to be open',
          )
          await server.kill()
          await Promise.all(workers.map((worker) => worker.ask({ do: 'release' })))
          await server.start()
        }
        const observer = await Observer.open(server.url)
        onTestFinished(() => observer.close())
        await end(workers, cluster, observer, product.name)
      },
      HANGS_MS,
    )
  })
}

describeOnPostgresql('notifications', (place) => {
  async function scene(settings: { notifyFallbackSeconds: number; pollMs: number }) {
    const { cluster, observer } = await place.scene(settings)
    const proxy = await TcpProxy.before(cluster.dbUrl)
    onTestFinished(() => proxy.close())
    const worker = (): Promise<WorkerProcess> => cluster.worker({ dbUrl: proxy.through(cluster.dbUrl) })
    const client = await cluster.worker({ name: 'client', isWorker: false })
    return { cluster, observer, proxy, worker, client }
  }

  test(
    'that stop without a word are made up for by looking',
    async () => {
      const { cluster, observer, proxy, client, ...the } = await scene({ notifyFallbackSeconds: 1, pollMs: 100_000 })
      const worker = await the.worker()
      await client.ask({ ...LOAD, prefix: 'heard', count: 8 })
      await observer.untilAllEnded(cluster)
      expect(proxy.silenceListeners()).toBe(1)
      await client.ask({ ...LOAD, prefix: 'silent', count: 8 })
      await end([worker, client], cluster, observer, 'silent')
    },
    HANGS_MS,
  )

  test(
    'that were missed while the connection was gone are made up for once it is back, long before the fallback',
    async () => {
      const never = { notifyFallbackSeconds: NEVER_SECONDS, pollMs: NEVER_SECONDS * 1_000 }
      const { cluster, observer, proxy, client, ...the } = await scene(never)
      const worker = await the.worker()
      proxy.shut()
      expect(proxy.cutListeners()).toBe(1)
      await client.ask({ ...LOAD, prefix: 'missed', count: 8 })
      proxy.unshut()
      await end([worker, client], cluster, observer, 'missed')
    },
    HANGS_MS,
  )

  test(
    'that never arrive, as behind a pooler: it polls, and says so once with what to do',
    async () => {
      const { cluster, observer, proxy, client, ...the } = await scene({
        notifyFallbackSeconds: NEVER_SECONDS,
        pollMs: 100,
      })
      proxy.swallowNotifications()
      const worker = await the.worker()
      await client.ask({ ...LOAD, prefix: 'polled', count: 8 })
      await end([worker, client], cluster, observer, 'polled')
      const said = worker.errors.split('\n').filter((line) => line.includes('Notifications do not arrive'))
      expect(said).toEqual([expect.stringContaining('give the engine a direct connection')])
    },
    HANGS_MS,
  )
})

async function end(
  workers: readonly WorkerProcess[],
  cluster: Cluster,
  observer: Observer,
  about: string,
): Promise<void> {
  await observer.untilAllEnded(cluster)
  const exits = await Promise.all(workers.map((worker) => worker.kill('SIGTERM')))
  const evidence = await observer.evidence(cluster)
  const report = check(evidence)
  expect(report.isClean, `${about}\n${report.text}`).toBe(true)
  expect(surprises(evidence)).toEqual([])
  expect(exits).toEqual(workers.map(() => ({ code: 0, signal: null })))
}
