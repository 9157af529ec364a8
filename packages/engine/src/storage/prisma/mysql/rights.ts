/** Rights on MySQL, which are given for whole databases: what one table allows all of them do. Statements that touch no row are refused like others. */
import type mariadb from 'mariadb'

/** @throws what the server says when one is missing */
export async function tryRights(connection: mariadb.Connection): Promise<void> {
  await connection.query(`INSERT INTO system_locks SELECT * FROM system_locks WHERE 1 = 0`)
  await connection.query(`UPDATE system_locks SET term = term WHERE 1 = 0`)
  await connection.query(`DELETE FROM system_locks WHERE 1 = 0`)
}

export function grantTo(user: string, database: string): string {
  return `GRANT SELECT, INSERT, UPDATE, DELETE ON \`${database}\`.* TO '${user}'@'…';`
}
