/**
 * `AppRouter`: all that the dashboard may call, at `/trpc`, with superjson (`Date` arrives as `Date`). Import it as a type only:
 * `import type { AppRouter } from '@edda/api/router'`; answers with `inferRouterOutputs<AppRouter>['instances']['find']`.
 *
 * - Links: `splitLink` → `httpSubscriptionLink` for `live.changes`, `httpBatchLink({ maxItems: 10 })` for the rest; batches above 10 are refused.
 * - Queries are GET (or POST), mutations POST with `content-type: application/json`, same origin. Cookies: same origin, sent by themselves.
 * - Roles: viewer reads (`redacted: true` on a record means that its payloads are null), operator acts, admin also discards and deletes. `session.me` tells which.
 * - Every mutation takes `reason?` and leaves an audit row; there is no optimistic answer: refetch on the topic.
 * - Errors: `error.data.code` is tRPC's (UNAUTHORIZED → sign in again; NOT_FOUND → gone), `error.data.engineCode` the engine's, `error.data.issues`
 *   `{ path, message }[]` for form fields (path dotted, `''` = the whole), `error.data.requestId` for the log.
 * - Pages: `instances.find` by `pageToken`; history and messages by `after`; outbox, events and audit by `before` (pass `next…` back).
 * - `live.changes` yields `{ id, data: Change }` envelopes: `topics` tell which views to refetch, `instanceIds` which instances for sure.
 * - `stats.overview`, `instances.get` carry `now`, the engine's clock: reckon relative times from it, not from the browser's.
 */
import { router } from './init'
import { channelsRouter } from './routers/channels'
import { compensationsRouter } from './routers/compensations'
import { eventsRouter } from './routers/events'
import { instancesRouter } from './routers/instances'
import { liveRouter } from './routers/live'
import { outboxRouter } from './routers/outbox'
import { sessionRouter } from './routers/session'
import { auditRouter, errorsRouter, statsRouter, workersRouter } from './routers/system'
import { workflowsRouter } from './routers/workflows'

export const appRouter = router({
  instances: instancesRouter,
  compensations: compensationsRouter,
  channels: channelsRouter,
  outbox: outboxRouter,
  workflows: workflowsRouter,
  workers: workersRouter,
  events: eventsRouter,
  errors: errorsRouter,
  stats: statsRouter,
  audit: auditRouter,
  session: sessionRouter,
  live: liveRouter,
})

export type AppRouter = typeof appRouter
