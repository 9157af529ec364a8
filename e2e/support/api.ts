/** The API as a test arranges with it: over HTTP, as everybody else does. What is asserted is asserted on screen. */
import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'

export class Api {
  readonly url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, token?: string) {
    this.url = url
    this.#headers = token ? { authorization: `Bearer ${token}` } : {}
  }

  async query<Answer>(procedure: string, input?: unknown): Promise<Answer> {
    const query = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`
    return this.#read(await fetch(`${this.url}/trpc/${procedure}${query}`, { headers: this.#headers }))
  }

  async mutate<Answer>(procedure: string, input: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...this.#headers }
    const body = JSON.stringify({ json: input })
    return this.#read(await fetch(`${this.url}/trpc/${procedure}`, { method: 'POST', headers, body }))
  }

  /** @returns the id, one of its own if none is given */
  async start(workflowName: string, input: unknown, instanceId = `${workflowName}-${randomUUID()}`): Promise<string> {
    await this.mutate('instances.start', { workflowName, input, instanceId })
    return instanceId
  }

  async status(id: string): Promise<string> {
    const { instance } = await this.query<{ instance: { status: string } }>('instances.get', { id })
    return instance.status
  }

  async untilStatus(id: string, status: string): Promise<void> {
    await expect.poll(() => this.status(id), { message: `${id} becomes ${status}` }).toBe(status)
  }

  /** A CloudEvent as the world sends one. */
  async send(
    type: string,
    data: unknown,
    { id = randomUUID(), source = '/e2e', extensions = {} }: { id?: string; source?: string; extensions?: object } = {},
  ): Promise<void> {
    const event = { specversion: '1.0', type, source, id, datacontenttype: 'application/json', ...extensions, data }
    const headers = { 'content-type': 'application/cloudevents+json', ...this.#headers }
    const answer = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify(event) })
    expect(answer.status, await answer.text()).toBe(202)
  }

  async #read<Answer>(answer: Response): Promise<Answer> {
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${text}`)
    return (JSON.parse(text) as { result: { data: { json: Answer } } }).result.data.json
  }
}
