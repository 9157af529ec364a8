/** `apply` what is missing; `check` that nothing is, or refuse; `look` what is, and change nothing. */
export type MigrationMode = 'apply' | 'check' | 'look'

export interface MigrationReport {
  /** The database, without password. */
  readonly where: string
  /** Names, in order. */
  readonly applied: readonly string[]
  readonly pending: readonly string[]
  /** The SQL of what is pending, with the records that tell the engine of it; empty when nothing is. */
  readonly script: string
}
