/** Users who may not do what they are asked to, on real servers: refused at the start, typed, with what to do, and without their password. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { mysqlServer, postgresqlServer, type TestDatabase } from '../../../test/databases'
import { DatabaseError } from '../../model/errors'
import { createDatabase } from './client'

const PASSWORD = 'r1ghts-s3cret'

for (const server of [await postgresqlServer(), await mysqlServer()])
  describe.skipIf(server.missing)(`rights on ${server.name}`, () => {
    const isPostgresql = server.name === 'PostgreSQL'
    let place: TestDatabase
    let name = ''
    let user = ''
    let grantee = ''

    beforeAll(async () => {
      place = await server.create()
      name = new URL(place.url).pathname.slice(1)
      user = `${name}_u`
      grantee = isPostgresql ? user : `'${user}'@'127.0.0.1'`
      await place.query(
        isPostgresql
          ? `CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`
          : `CREATE USER ${grantee} IDENTIFIED BY '${PASSWORD}'`,
      )
    })
    afterAll(async () => {
      await place?.query(isPostgresql ? `DROP OWNED BY ${user}; DROP ROLE ${user}` : `DROP USER ${grantee}`)
      await place?.drop()
    })

    const open = async (options: { autoMigrate: boolean; password?: string; isOwner?: boolean }): Promise<void> => {
      const url = new URL(place.url)
      if (!options.isOwner) Object.assign(url, { username: user, password: options.password ?? PASSWORD })
      const database = await createDatabase({ dbUrl: url.href, poolSize: 1 })
      onTestFinished(() => database.close())
      await database.open(options)
    }
    const refusal = async (options: Parameters<typeof open>[0]): Promise<string> => {
      const error: unknown = await open(options).catch((reason) => reason)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(String(error)).not.toContain(PASSWORD)
      return String(error)
    }
    const grant = (rights: string): Promise<unknown> =>
      place.query(
        isPostgresql
          ? `GRANT ${rights} ON ALL TABLES IN SCHEMA public TO ${user}`
          : `GRANT ${rights} ON ${name}.* TO ${grantee}`,
      )

    // the order is that of a life: nothing is allowed at first
    test('a wrong password is told as such', async () => {
      // PostgreSQL servers of developers often ask for none: then there is no wrong one
      const asked = await open({ autoMigrate: false, password: 'wrong-s3cret' }).catch((reason) => String(reason))
      if (isPostgresql && !String(asked).includes('refused user')) return
      expect(asked).toContain(`refused user "${user}"`)
      expect(asked).toContain('Check user and password in dbUrl')
      expect(asked).not.toContain('wrong-s3cret')
    })

    test('who may not make tables is told who may, and what running needs', async () => {
      if (!isPostgresql) await grant('SELECT')
      const said = await refusal({ autoMigrate: true })
      expect(said).toContain(`user "${user}" lacks rights: `)
      expect(said).toMatch(/permission denied for schema public|CREATE command denied/)
      expect(said).toContain('GRANT SELECT, INSERT, UPDATE, DELETE ON')
    })

    test('who may only read is refused at the start, with what is missing', async () => {
      await open({ autoMigrate: true, isOwner: true })
      await grant('SELECT')
      const said = await refusal({ autoMigrate: false })
      expect(said).toMatch(isPostgresql ? /may not read and write .*workflow_instances/ : /INSERT command denied/)
      expect(said).toContain('GRANT SELECT, INSERT, UPDATE, DELETE ON')
    })

    test('who may read and write runs, with nothing left to migrate', async () => {
      await grant('SELECT, INSERT, UPDATE, DELETE')
      if (isPostgresql) await place.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${user}`)
      await open({ autoMigrate: true })
      await open({ autoMigrate: false })
    })

    // MySQL gives rights to whole databases
    if (!isPostgresql) return
    test('a table that came later and was not granted is named', async () => {
      await place.query(
        `REVOKE DELETE ON api_tokens FROM ${user}; REVOKE USAGE ON SEQUENCE audit_log_id_seq FROM ${user}`,
      )
      expect(await refusal({ autoMigrate: false })).toContain('it may not read and write api_tokens, audit_log_id_seq.')
    })
  })
