/** A process of its own that opens a database, as an application does when it starts. */
import { createDatabase } from '../src/storage/prisma/client'

const database = await createDatabase({ dbUrl: process.argv[2] ?? '', poolSize: 1 })
await database.open({ autoMigrate: true })
await database.close()
