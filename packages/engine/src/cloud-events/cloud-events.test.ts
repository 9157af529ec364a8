/** The table: every case decoded by us, and judged a second time by the public SDK. The cases stand in `cases/`, one theme a file. */
import { describe, expect, test } from 'vitest'
import { attributeCases } from './cases/attributes'
import { batchCases } from './cases/batch'
import { binaryCases } from './cases/binary'
import type { DecodeCase, Refusal } from './cases/case'
import { conformanceCases } from './cases/conformance'
import { contentTypeCases } from './cases/content-type'
import { dataCases } from './cases/data'
import { limitCases } from './cases/limits'
import { comparable, sdkVerdict } from './cases/sdk-oracle'
import { timeCases } from './cases/time'
import { uriCases } from './cases/uri'
import { CloudEventError } from './errors'
import { type DecodedRequest, decodeRequest } from './http'

const THEMES = {
  conformance: conformanceCases,
  attributes: attributeCases,
  time: timeCases,
  'source and dataschema': uriCases,
  data: dataCases,
  'binary mode': binaryCases,
  'content type': contentTypeCases,
  batch: batchCases,
  limits: limitCases,
} satisfies Record<string, readonly DecodeCase[]>

const ALL = Object.values(THEMES).flat()

function decode({ headers, body, limits }: DecodeCase): DecodedRequest | Refusal {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  try {
    return decodeRequest(headers, bytes, limits)
  } catch (error) {
    if (!(error instanceof CloudEventError)) throw error
    expect(error).toMatchObject({ name: 'CloudEventError', code: 'CLOUD_EVENT' })
    return { status: error.status, errorType: error.errorType, message: error.message }
  }
}

describe.each(Object.entries(THEMES))('decodeRequest: %s', (_, cases) => {
  // not test.each: it clips long names
  for (const decodeCase of cases) {
    test(decodeCase.name, () => expect(decode(decodeCase)).toStrictEqual(decodeCase.expected))
  }
})

describe.each(Object.entries(THEMES))('the public SDK as second opinion: %s', (_, cases) => {
  for (const decodeCase of cases) {
    test(decodeCase.name, () => {
      const [ours, theirs] = [comparable(decodeCase.expected), sdkVerdict(decodeCase)]
      if (decodeCase.sdk === undefined) expect(theirs).toEqual(ours)
      else expect(theirs, `the SDK now agrees; it was listed because it ${decodeCase.sdk}`).not.toEqual(ours)
    })
  }
})

test('the matrix has at least 250 cases, each with a name of its own', () => {
  const names = ALL.map(({ name }) => name)
  expect(names.length).toBeGreaterThanOrEqual(250)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test('decoding changes no prototype, whatever the case', () => {
  ALL.forEach(decode)
  expect(Object.getOwnPropertyNames(Object.prototype).filter((name) => /pollut/.test(name))).toEqual([])
  expect(Object.keys(Object.prototype)).toEqual([])
})
