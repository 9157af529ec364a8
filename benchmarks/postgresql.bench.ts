/** Ours beside the hand-written limit on PostgreSQL, in turn, in one process: `npm run bench -- postgresql`. EDDA_BENCH_POSTGRES_URL names the server; a database of its own is made and dropped. */
import { temporaryDatabase } from './lib/databases'
import { edda } from './lib/edda'
import { postgresLimit } from './lib/limit'
import { sideBySide } from './lib/side-by-side'

const database = await temporaryDatabase('postgresql')
await sideBySide('postgresql', await edda(database.url), [await postgresLimit(database.url)])
await database.drop()
