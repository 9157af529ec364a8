// What the API of a browser test runs: the samples, and workflows whose every turn the test decides. Nothing here depends on
// time or chance: an activity ends at once, and what waits goes on when the test says so.
import { activity, compensation, TerminalError, workflow } from '@edda/engine'
import { workflows as samples } from '../../apps/api/dist/samples.mjs'

/** Calls of one activity of one instance, over retries of the instance. */
const calls = new Map()
function callNumber({ instanceId, activityId }) {
  const key = `${instanceId} ${activityId}`
  const count = (calls.get(key) ?? 0) + 1
  calls.set(key, count)
  return count
}

const echo = activity('echo', async (_ctx, value) => value)

/** Fails for good the first time; passes once somebody has retried the instance. */
const brittle = activity('brittle', { retry: { maxAttempts: 1 } }, async (ctx, { message }) => {
  if (callNumber(ctx) === 1) throw new TerminalError(message)
  return { mended: true }
})

const brittleTask = workflow(
  'brittleTask',
  { description: 'Fails, and passes when it is retried' },
  async (ctx, input) => brittle(ctx, input),
)

const greeting = workflow('greeting', { description: 'Three steps, one after the other' }, async (ctx, { name }) => {
  const hello = await echo(ctx, 'Hello')
  const who = await echo(ctx, name)
  const mark = await echo(ctx, '!')
  return `${hello}, ${who}${mark}`
})

/** As many events as somebody wants to scroll through. */
const longHistory = workflow('longHistory', async (ctx, { steps }) => {
  for (let done = 0; done < steps; done += 500)
    await Promise.all(Array.from({ length: 500 }, (_, index) => echo(ctx, done + index)))
})

const cancelCar = compensation('cancelCar', async () => {})
/** Works when an operator has it tried again. */
const cancelHotel = compensation('cancelHotel', { retry: { maxAttempts: 1 } }, async (ctx) => {
  if (callNumber(ctx) === 1) throw new Error('The hotel does not pick up')
})
const cancelFlight = compensation('cancelFlight', { retry: { maxAttempts: 1 } }, async () => {
  throw new Error('The airline refunds nothing')
})
const book = (name, onFailure) => activity(name, { onFailure }, async (_ctx, trip) => ({ booked: trip }))
const bookFlight = book('bookFlight', cancelFlight)
const bookHotel = book('bookHotel', cancelHotel)
const bookCar = book('bookCar', cancelCar)
const insure = activity('insure', async () => {
  throw new TerminalError('Nobody insures this trip')
})

const trip = workflow('trip', async (ctx, { to }) => {
  await bookFlight(ctx, to)
  await bookHotel(ctx, to)
  await bookCar(ctx, to)
  await insure(ctx, to)
})

/** Subscribes, then reads nothing before its gate is opened. */
const gatedReader = workflow('gatedReader', async (ctx, { lane, messages }) => {
  await ctx.subscribe(lane, { mode: 'broadcast' })
  await ctx.waitEvent('gate.opened', { where: { lane } })
  const read = []
  for (let count = 0; count < messages; count++) read.push((await ctx.receive(lane)).data)
  return read
})

const notify = activity('notify', async (ctx, parcel) => {
  ctx.sendEventTransactional('parcel.sent', '/e2e', { parcel })
})
const parcel = workflow('parcel', async (ctx, input) => notify(ctx, input.parcel))

/** Shows the text it is given wherever the engine has room for text. */
const showcase = workflow(
  'showcase',
  {
    description: 'Shows its text <img src=x onerror="window.__ran=1"> everywhere',
    tags: ({ text }) => ({ label: text }),
  },
  async (ctx, { text }) => {
    ctx.setState({ [text]: text })
    await echo(ctx, { [text]: [text] })
    await ctx.subscribe(text, { mode: 'broadcast' })
    await ctx.publish(text, { [text]: text }, { metadata: { note: text } })
    await ctx.waitEvent('showcase.ended', { where: { text } })
    throw new TerminalError(text)
  },
)

export const workflows = [...samples, brittleTask, greeting, longHistory, trip, gatedReader, parcel, showcase]
