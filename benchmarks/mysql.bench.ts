/**
 * Ours on MySQL or MariaDB beside ours on PostgreSQL, in turn, in one process: `npm run bench -- mysql`. EDDA_BENCH_MYSQL_URL and
 * EDDA_BENCH_POSTGRES_URL name the servers; databases of their own are made and dropped. Goal: at least half of the throughput on PostgreSQL.
 */
import { temporaryDatabase } from './lib/databases'
import { edda } from './lib/edda'
import { sideBySide } from './lib/side-by-side'

const [mysql, postgresql] = [await temporaryDatabase('mysql'), await temporaryDatabase('postgresql')]
const [ours, theirs] = [await edda(mysql.url), await edda(postgresql.url)]
await sideBySide('mysql', { ...ours, name: 'edda on mysql', app: ours.app }, [
  { ...theirs, name: 'edda on postgresql' },
])
await mysql.drop()
await postgresql.drop()
