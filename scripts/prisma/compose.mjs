// One set of models, three schemas. A Prisma schema belongs to one provider, so `models.prisma` is composed with a header
// for each. What only some providers need, attributes or another type, stands in trailing comments, and each schema gets
// its own part of them:
//
//   note   String?   /// mysql: @db.LongText /// postgresql: @db.Text
//   /// postgresql: @@index([search], type: Gin)
//   seq    BigInt    @id @default(autoincrement()) /// sqlite: Int
import { PROVIDERS } from './providers.mjs'

const names = PROVIDERS.join('|')
const alternatives = new RegExp(`^(.*?)\\s*///\\s*((?:${names}):\\s*[@A-Z].*)$`)
const separator = new RegExp(`\\s*(?:///|[;,|])?\\s*(?=(?:${names}):\\s*[@A-Z])`)

/**
 * @param {string} models
 * @param {import('./providers.mjs').Provider} provider
 */
export function compose(models, provider) {
  const header = `// Composed from prisma/models.prisma by \`npm run generate\`: change that file, not this one.

generator client {
  provider               = "prisma-client"
  output                 = "../../packages/engine/src/generated/${provider}"
  runtime                = "nodejs"
  moduleFormat           = "esm"
  generatedFileExtension = "ts"
  importFileExtension    = "ts"
}

datasource db {
  provider = "${provider}"
}
`
  const body = models.split('\n').flatMap((line) => composeLine(line, provider))
  return `${header}\n${body.join('\n').trim()}\n`
}

/** @param {string} line @param {string} provider */
function composeLine(line, provider) {
  const match = alternatives.exec(line)
  if (!match) return [line]
  const [, field = '', comment = ''] = match
  const own = comment
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${provider}:`))
    .map((part) => part.slice(provider.length + 1).trim())
  if (field.trim() !== '') {
    const type = own.find((part) => !part.startsWith('@'))
    const attributes = own.filter((part) => part !== type)
    return [[type ? field.replace(/^(\s*\w+\s+)\w+/, `$1${type}`) : field, ...attributes].join(' ')]
  }
  return own.map((attribute) => `  ${attribute}`)
}
