/** Parsers of addresses that refuse what the API would refuse: so that a mistyped address is ignored with a note and not answered with an error. */
import { createParser } from 'nuqs'

/** A whole number from 0 on. */
export const parseAsCount = createParser({
  parse: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : null),
  serialize: String,
})

/** Words of a list, joined by commas; one unknown word spoils them all. */
export function parseAsWords<Word extends string>(words: readonly Word[]) {
  const known = (word: string): word is Word => words.some((other) => other === word)
  return createParser<Word[]>({
    parse: (text) => {
      const found = text.split(',')
      return found.every(known) ? found : null
    },
    serialize: (chosen) => chosen.join(','),
    eq: (a, b) => a.join() === b.join(),
  })
}
