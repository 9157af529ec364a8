/** Just enough of TypeScript's words to make a page of source readable: one line in, coloured pieces out. Pure; not a parser, and never wrong by more than colour. */
export type TokenKind = 'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'call'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

export const TOKEN_CLASS: Readonly<Record<TokenKind, string>> = {
  plain: '',
  keyword: 'text-json-literal',
  string: 'text-json-string',
  number: 'text-json-number',
  comment: 'text-ink-faint italic',
  call: 'text-accent',
}

const KEYWORDS = new Set(
  'async await break case catch class const continue default else export false finally for function if import in let new null of return switch this throw true try typeof undefined var void while yield'.split(
    ' ',
  ),
)

const PATTERN =
  /(\/\/.*$|\/\*.*?\*\/)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)|(\b\d[\d_]*(?:\.\d+)?\b)|([A-Za-z_$][\w$]*)(?=(\s*\()?)/g

export function tokenize(line: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  for (const match of line.matchAll(PATTERN)) {
    const [text, comment, string, number, word, call] = match
    if (match.index > at) tokens.push({ kind: 'plain', text: line.slice(at, match.index) })
    const kind: TokenKind = comment
      ? 'comment'
      : string
        ? 'string'
        : number
          ? 'number'
          : KEYWORDS.has(word ?? '')
            ? 'keyword'
            : call === undefined
              ? 'plain'
              : 'call'
    tokens.push({ kind, text })
    at = match.index + text.length
  }
  if (at < line.length) tokens.push({ kind: 'plain', text: line.slice(at) })
  return tokens
}
