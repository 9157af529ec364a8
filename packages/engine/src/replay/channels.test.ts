/** Subscriptions as history says them: what may be received, under which name. */
import { describe, expect, test } from 'vitest'
import { channel } from '../model/definition'
import { ChannelModeConflictError, NotSubscribedError } from '../model/errors'
import { history, message, outcome, refusal, replayed, subscribed } from '../testing/builders'

const mine = channel('mine', { mode: 'direct' })

describe('channels', () => {
  const news = history(subscribed('news'))

  test('receive what was subscribed to, with a timeout if given', async () => {
    const run = await replayed(async (ctx) => {
      await ctx.subscribe('news')
      await ctx.receive('news', { timeout: 5, messageId: 'm' })
    }, news)
    expect([...run.calls.commands()]).toEqual([
      { type: 'ReceiveMessage', activityId: 'm', channel: 'news', timeoutMs: 5_000 },
    ])
  })

  test('without a subscription receive fails at once', async () => {
    const error = await refusal((ctx) => ctx.receive('news'))
    expect(error).toBeInstanceOf(NotSubscribedError)
    expect(error).toMatchObject({ channel: 'news' })
  })

  test('a second subscription in the same mode is none', async () => {
    const again = await outcome(async (ctx) => {
      await ctx.subscribe('news')
      await ctx.subscribe('news')
      return 'done'
    }, news)
    expect(again).toEqual({ kind: 'completed', value: 'done' })
  })

  test('a second mode on one channel is a conflict', async () => {
    const error = await refusal(async (ctx) => {
      await ctx.subscribe('news')
      await ctx.subscribe('news', { mode: 'competing' })
    }, news)
    expect(error).toBeInstanceOf(ChannelModeConflictError)
    expect(error).toMatchObject({ channel: 'news', existingMode: 'broadcast', requestedMode: 'competing' })
  })

  test('a direct channel is read by its plain name, and its messages say so', async () => {
    const events = history(
      ['subscribe_mine:1', 'Subscribed', { channel: 'mine:order-1', mode: 'direct', cursor: 0 }],
      message('receive_mine:1', 'mine:order-1', 7),
    )
    const ended = await outcome(async (ctx) => {
      await ctx.subscribe(mine)
      const { channel: name, data } = await ctx.receive(mine)
      return [name, data]
    }, events)
    expect(ended).toEqual({ kind: 'completed', value: ['mine', 7] })
  })

  test('what is unsubscribed is forgotten, what never was is nothing', async () => {
    const run = await replayed(async (ctx) => {
      await ctx.unsubscribe('other')
      await ctx.subscribe('news')
      await ctx.unsubscribe('news')
      await ctx.unsubscribe('news')
      await ctx.receive('news')
    }, news)
    expect(run.takeCommands().filter((command) => command.type === 'Unsubscribe')).toEqual([
      { type: 'Unsubscribe', activityId: 'unsubscribe_news:1', channel: 'news' },
    ])
    expect(run.outcome).toMatchObject({ kind: 'failed', error: { code: 'NOT_SUBSCRIBED' } })
  })
})
