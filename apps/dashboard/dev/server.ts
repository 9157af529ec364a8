/** `npx tsx apps/dashboard/dev/server.ts [none|some|many]`: the canned API on EDDA_PORT (8001). MOCK_ROLE=viewer shows what a viewer sees. */
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { createMockRouter } from './router'
import type { MockContext } from './trpc'
import { createWorld, type Size } from './world'

const size = (process.argv[2] ?? 'some') as Size
const role = (process.env.MOCK_ROLE ?? 'admin') as MockContext['role']
const world = createWorld(size)
const port = Number(process.env.EDDA_PORT ?? 8001)

createHTTPServer({ router: createMockRouter(), basePath: '/trpc/', createContext: () => ({ world, role }) }).listen(
  port,
  '127.0.0.1',
  () => {
    console.log(`canned API (${size}, ${role}) on http://127.0.0.1:${port}`)
  },
)
