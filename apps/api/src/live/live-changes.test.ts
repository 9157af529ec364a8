/** The subscription as a browser gets it: server-sent events with ids, over the whole API. */
import { expect, test } from 'vitest'
import { apiFixture } from '../testing/api-fixture'

interface Sent {
  readonly id: string
  readonly data: {
    readonly json: { readonly reset: boolean; readonly topics: string[]; readonly instanceIds: string[] }
  }
}

async function* sent(answer: Response): AsyncGenerator<Sent> {
  let text = ''
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: ?(.*)/, 2) as [string, string]),
      )
      text = text.slice(end + 2)
      if (fields.id) yield { id: fields.id, data: JSON.parse(fields.data ?? 'null') }
    }
  }
}

test('tells a view that its instance changed, and after a gap what was missed', async () => {
  const { request, client, test: engine } = await apiFixture()
  const api = client()
  await api.instances.start.mutate({ workflowName: 'waiting', input: { order: 'A1' }, instanceId: 'w' })
  await engine.settle()
  const open = (lastEventId: string | null) => {
    const controller = new AbortController()
    const input = encodeURIComponent(JSON.stringify({ json: { instanceIds: ['w'] } }))
    const headers = { accept: 'text/event-stream', ...(lastEventId ? { 'last-event-id': lastEventId } : {}) }
    const answer = request(`/trpc/live.changes?input=${input}`, { headers, signal: controller.signal })
    return { controller, events: answer.then(sent) }
  }
  const first = open(null)
  const events = await first.events
  const greeting = (await events.next()).value as Sent
  expect(greeting.data.json).toMatchObject({ reset: false, topics: ['instances'], instanceIds: ['w'] })
  await api.instances.cancel.mutate({ id: 'w' })
  await engine.settle()
  const change = (await events.next()).value as Sent
  expect(change.data.json.topics).toContain('instances')
  expect(change.data.json.instanceIds).toContain('w')
  first.controller.abort()

  const again = open(greeting.id)
  const missed = (await (await again.events).next()).value as Sent
  expect(missed.data.json).toMatchObject({ reset: false, instanceIds: expect.arrayContaining(['w']) })
  again.controller.abort()
})
