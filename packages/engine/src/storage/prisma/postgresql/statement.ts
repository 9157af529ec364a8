/** Statements in PostgreSQL's form: numbered placeholders, and a name for those that come again, so that the server keeps their plan. */
import { Lru } from '../lru'

export interface Statement {
  readonly text: string
  /** Undefined until the text has been used a few times: texts that vary with their data must not fill the server's memory. */
  readonly name: string | undefined
}

const NAMED_AFTER = 3
const MAX_NAMES = 300

export class Statements {
  readonly #usesNames: boolean
  readonly #texts = new Lru<{ text: string; uses: number; name: string | undefined }>(1000)
  #names = 0

  constructor(usesNames: boolean) {
    this.#usesNames = usesNames
  }

  get(sql: string): Statement {
    const entry = this.#texts.get(sql, (key) => ({ text: numbered(key), uses: 0, name: undefined }))
    if (entry.name === undefined && this.#usesNames && ++entry.uses >= NAMED_AFTER && this.#names < MAX_NAMES)
      entry.name = `edda_${++this.#names}`
    return entry
  }
}

/** `?` → `$1`, `$2` …, not inside quotes. */
export function numbered(sql: string): string {
  let count = 0
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (token) => (token === '?' ? `$${++count}` : token))
}
