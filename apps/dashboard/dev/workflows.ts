/** The canned workflows: a rich schema, a small one, an optional one and none. */
import type { WorkflowDetails } from '../src/lib/api-types'
import { JOBS_SOURCE, ORDER_SCHEMA, ORDER_SOURCE, PAYMENT_SOURCE, REPORT_SOURCE } from './sources'

export const WORKFLOWS: readonly {
  name: string
  source: string
  schema: WorkflowDetails['inputSchema']
  description: string | null
  eventType: string | null
}[] = [
  {
    name: 'orderWorkflow',
    source: ORDER_SOURCE,
    schema: ORDER_SCHEMA as unknown as WorkflowDetails['inputSchema'],
    description: 'Reserves, charges, waits for approval and ships an order; undoes it all when that fails',
    eventType: 'order.created',
  },
  {
    name: 'flakyPayment',
    source: PAYMENT_SOURCE,
    schema: {
      type: 'object',
      required: ['account', 'cents'],
      properties: { account: { type: 'string' }, cents: { type: 'integer', minimum: 1 } },
    },
    description: 'Charges an account through a bank that is often away',
    eventType: null,
  },
  {
    name: 'nightlyReport',
    source: REPORT_SOURCE,
    schema: { type: 'object', properties: { day: { type: 'string', format: 'date' } } },
    description: null,
    eventType: null,
  },
  {
    name: 'imageJobs',
    source: JOBS_SOURCE,
    schema: null,
    description: 'Takes jobs from the channel, one at a time, for ever',
    eventType: null,
  },
]
