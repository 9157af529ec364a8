/**
 * Messages through channels: many through one competing channel to fifty consumers, fewer broadcast to a hundred subscribers, beside the least that must
 * be written for the same deliveries by hand (lib/channels-limit.ts). `npm run bench -- channels -- [sqlite|postgresql|mysql] [messages] [rounds]`
 */
import { channel, EddaApp, workflow } from '@edda/engine'
import { limitChannel, type Mode } from './lib/channels-limit'
import { type DatabaseKind, temporaryDatabase } from './lib/databases'
import { writeResults } from './lib/report'
import { median, timed } from './lib/work'

const kind = (process.argv[2] ?? 'sqlite') as DatabaseKind
const messages = Number(process.argv[3] ?? 10_000)
const rounds = Number(process.argv[4] ?? 5)
const broadcasts = Math.max(1, Math.round(messages / 10))
const consumers = 50
const subscribers = 100

let count = 0
const consumer = workflow('consumer', async (ctx, input: { channel: string }) => {
  const jobs = channel<{ stop?: boolean }>(input.channel, { mode: 'competing' })
  await ctx.subscribe(jobs)
  for (;;) {
    const message = await ctx.receive(jobs)
    if (message.data.stop) return null
    count++
  }
})
const subscriber = workflow('subscriber', async (ctx, input: { channel: string; count: number }) => {
  const news = channel(input.channel, { mode: 'broadcast' })
  await ctx.subscribe(news)
  for (let i = 0; i < input.count; i++) {
    await ctx.receive(news)
    count++
  }
  return null
})

type Round = Readonly<Record<Mode, number>>
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Deliveries a second. */
async function byEdda(app: EddaApp, round: number): Promise<Round> {
  const [jobs, news] = [`bench.jobs.${round}`, `bench.news.${round}`]
  const ready = async (name: string, wanted: number): Promise<void> => {
    while (((await app.channelStats(name))[0]?.subscribers.length ?? 0) < wanted)
      await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const competing = await together(consumers, () => app.start(consumer, { channel: jobs }))
  await ready(jobs, consumers)
  count = 0
  const competingMs = await timed(async () => {
    await published(messages, 500, (n) => app.publish(jobs, { n }))
    await together(consumers, () => app.publish(jobs, { stop: true }))
    await Promise.all(competing.map((run) => run.result()))
  })
  if (count !== messages) throw new Error(`${count} of ${messages} messages were received`)
  const broadcast = await together(subscribers, () => app.start(subscriber, { channel: news, count: broadcasts }))
  await ready(news, subscribers)
  count = 0
  const broadcastMs = await timed(async () => {
    await published(broadcasts, 100, (n) => app.publish(news, { n }))
    await Promise.all(broadcast.map((run) => run.result()))
  })
  if (count !== broadcasts * subscribers) throw new Error(`${count} of ${broadcasts * subscribers} were delivered`)
  return {
    competing: (messages * 1_000) / competingMs,
    broadcast: (broadcasts * subscribers * 1_000) / broadcastMs,
  }
}

async function byHand(url: string, mode: Mode): Promise<number> {
  const limit = await limitChannel(kind, url, mode)
  const isCompeting = mode === 'competing'
  const [receiving, sent] = isCompeting ? [consumers, messages] : [subscribers, broadcasts]
  const receivers = await limit.join(Array.from({ length: receiving }, (_, i) => `receiver-${i}`))
  const each = isCompeting ? messages / consumers : broadcasts
  const ms = await timed(async () => {
    // as many each as there are for each; who consumes more or fewer is of no interest here
    const done = Promise.all(
      receivers.map(async (receiver) => {
        for (let i = 0; i < each; i++) JSON.parse((await limit.receive(receiver)).data)
      }),
    )
    await published(sent, isCompeting ? 500 : 100, (n) => limit.publish(JSON.stringify({ n })))
    await done
  })
  await limit.close()
  return (each * receiving * 1_000) / ms
}

function together<Result>(times: number, work: (i: number) => Promise<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: times }, (_, i) => work(i)))
}

async function published(total: number, atOnce: number, publish: (n: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < total; from += atOnce)
    await together(Math.min(atOnce, total - from), (i) => publish(from + i))
}

const figures: { edda: Round; limit: Round }[] = []
for (let round = 0; round <= rounds; round++) {
  const database = await temporaryDatabase(kind)
  const app = new EddaApp({ serviceName: 'bench', dbUrl: database.url, workflows: [consumer, subscriber] })
  await app.initialize()
  const edda = await byEdda(app, round)
  await app.shutdown()
  const limit = {
    competing: await byHand(database.url, 'competing'),
    broadcast: await byHand(database.url, 'broadcast'),
  }
  await database.drop()
  // the first is a warm-up
  if (round > 0 || rounds === 0) figures.push({ edda, limit })
}
say(`\n| ${kind} | edda, messages/s | by hand, messages/s | ratio |\n|---|---|---|---|`)
for (const mode of ['competing', 'broadcast'] as const) {
  const [own, least] = [median(figures.map(({ edda }) => edda[mode])), median(figures.map(({ limit }) => limit[mode]))]
  const what =
    mode === 'competing' ? `${messages} to ${consumers} competing` : `${broadcasts} to each of ${subscribers}`
  say(`| ${what} | ${own.toFixed(0)} | ${least.toFixed(0)} | ${(own / least).toFixed(2)}× |`)
}
await writeResults(`channels-${kind}`, { messages, broadcasts, consumers, subscribers, rounds: figures })
