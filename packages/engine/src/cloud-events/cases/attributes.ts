/** Required and optional attributes, names and types of extensions, characters of strings. */
import { binary, type DecodeCase, event, refused, structured, structuredText } from './case'
import * as sdk from './sdk-faults'

const REQUIRED = ['id', 'source', 'specversion', 'type'] as const
const OPTIONAL = ['time', 'subject', 'datacontenttype', 'dataschema'] as const

const missing = (name: string) => refused('MissingAttribute', `missing required attributes: ${name}`)
const invalid = (message: string) => refused('InvalidAttribute', message)

/** The SDK takes an attribute that is missing, null, '' or 0 for one that it may invent. */
const inventedBySdk: Partial<Record<string, string>> = { id: sdk.binaryNeedsId, specversion: sdk.specversionInvented }
const maybe = (reason: string | undefined) => (reason === undefined ? {} : { sdk: reason })

const required: readonly DecodeCase[] = REQUIRED.flatMap((name) => [
  structured(`a missing ${name} is refused`, { [name]: undefined }, missing(name), maybe(inventedBySdk[name])),
  structured(`a ${name} that is null is missing`, { [name]: null }, missing(name), maybe(inventedBySdk[name])),
  structured(
    `an empty ${name} is refused`,
    { [name]: '' },
    invalid(`attribute "${name}" is empty`),
    maybe(inventedBySdk[name]),
  ),
  structured(
    `a ${name} that is a number is refused`,
    { [name]: 1 },
    invalid(`attribute "${name}" must be a string, not a number`),
  ),
  structured(
    `a ${name} that is false is refused`,
    { [name]: false },
    invalid(`attribute "${name}" must be a string, not a boolean`),
    maybe(inventedBySdk[name]),
  ),
  structured(
    `a ${name} that is an object is refused`,
    { [name]: {} },
    invalid(`attribute "${name}" has no CloudEvents type: an object`),
  ),
  binary(
    `a missing ce-${name} is refused`,
    { [`ce-${name}`]: undefined },
    '',
    missing(name),
    maybe(name === 'specversion' ? sdk.specversionInvented : undefined),
  ),
  binary(
    `an empty ce-${name} is refused`,
    { [`ce-${name}`]: '' },
    '',
    invalid(`attribute "${name}" is empty`),
    maybe(name === 'specversion' ? sdk.specversionInvented : undefined),
  ),
])

const optional: readonly DecodeCase[] = OPTIONAL.filter((name) => name !== 'time').flatMap((name) => [
  structured(`a ${name} that is null is absent`, { [name]: null }, event()),
  structured(`an empty ${name} is refused`, { [name]: '' }, invalid(`attribute "${name}" is empty`), {
    sdk: sdk.falsyDropped,
  }),
  structured(
    `a ${name} that is a number is refused`,
    { [name]: 7 },
    invalid(`attribute "${name}" must be a string, not a number`),
  ),
  structured(
    `a ${name} that is an array is refused`,
    { [name]: ['x'] },
    invalid(`attribute "${name}" has no CloudEvents type: an array`),
  ),
])

const VERSIONS = ['0.3', '0.2', '1', '1.0.2', '1.1', '2.0', '1.0-rc1', 'v1.0', '1,0']
const versions: readonly DecodeCase[] = [
  ...VERSIONS.map((specversion) =>
    structured(
      `specversion ${specversion} is refused`,
      { specversion },
      invalid(`attribute "specversion" is not the supported version "1.0": "${specversion}"`),
    ),
  ),
  binary(
    'another specversion is refused in binary mode too',
    { 'ce-specversion': '0.3' },
    '',
    invalid('attribute "specversion" is not the supported version "1.0": "0.3"'),
  ),
]

const NAMES: ReadonlyArray<readonly [what: string, name: string]> = [
  ['an upper-case letter', 'traceId'],
  ['an underscore', 'trace_id'],
  ['a dash', 'trace-id'],
  ['a dot', 'trace.id'],
  ['a letter outside ASCII', 'größe'],
  ['a blank', 'trace id'],
  ['nothing at all', ''],
  ['a newline at its end', 'traceid\n'],
]
const names: readonly DecodeCase[] = [
  ...NAMES.map(([what, name]) =>
    structured(
      `an extension name with ${what} is refused`,
      { [name]: 'x' },
      invalid(`the attribute name ${JSON.stringify(name)} does not consist of a-z and 0-9`),
    ),
  ),
  structured(
    'a bad name is refused even when its value is null',
    { Bad: null },
    invalid('the attribute name "Bad" does not consist of a-z and 0-9'),
  ),
  structured(
    'a core attribute in upper case is no core attribute',
    { Subject: 'x' },
    invalid('the attribute name "Subject" does not consist of a-z and 0-9'),
  ),
  structured('an extension name may be one letter', { a: 'x' }, event({}, { a: 'x' })),
  structured('an extension name may begin with a digit', { '3d': 'x' }, event({}, { '3d': 'x' })),
  structured('an extension name may look like a number', { 7: 'x' }, event({}, { 7: 'x' })),
  structured(
    'an extension name may exceed the recommended 20 characters',
    { thisnameislongerthantwenty: 'x' },
    event({}, { thisnameislongerthantwenty: 'x' }),
  ),
  structured('an extension may be called constructor', { constructor: 'x' }, event({}, { constructor: 'x' })),
  structured(
    'the attributes of version 0.3 are ordinary extensions',
    { schemaurl: '/s' },
    event({}, { schemaurl: '/s' }),
    { sdk: sdk.schemaurl },
  ),
  binary(
    'header names are read in any case',
    { 'CE-Subject': 's', 'Ce-TraceParent': 't' },
    '',
    event({ subject: 's' }, { traceparent: 't' }),
    { sdk: sdk.headerCase },
  ),
  binary(
    'a ce- header with a dash in its name is refused',
    { 'ce-trace-id': 'x' },
    '',
    invalid('the attribute name "trace-id" does not consist of a-z and 0-9'),
  ),
  binary(
    'a ce- header without a name is refused',
    { 'ce-': 'x' },
    '',
    invalid('the attribute name "" does not consist of a-z and 0-9'),
  ),
  binary('a ce-data header is refused', { 'ce-data': 'x' }, '', invalid('the attribute name "data" is reserved'), {
    sdk: sdk.emptyBinaryExtension,
  }),
  binary(
    'headers that do not begin with ce- are no attributes',
    { traceparent: '00-a-b-01', 'x-ce-id': '9' },
    '',
    event(),
  ),
]

const VALUES: ReadonlyArray<readonly [what: string, value: string | number | boolean, sdk?: string]> = [
  ['a string', 'abc'],
  ['an empty string', ''],
  ['a positive integer', 5],
  ['zero', 0],
  ['a negative integer', -5],
  ['the greatest integer', 2_147_483_647],
  ['the least integer', -2_147_483_648],
  ['true', true],
  ['false', false],
  ['a string that looks like a number', '5'],
  ['a string that looks like a boolean', 'true'],
  ['a string beyond the basic plane', '😀'],
  ['a string with blanks around', '  x  '],
]
const BAD_VALUES: ReadonlyArray<readonly [what: string, value: unknown, message: string, sdk?: string]> = [
  ['a fraction', 1.5, 'attribute "ext" is not a 32-bit integer: 1.5', sdk.typesUnchecked],
  [
    'an integer above 32 bits',
    2_147_483_648,
    'attribute "ext" is not a 32-bit integer: 2147483648',
    sdk.typesUnchecked,
  ],
  [
    'an integer below 32 bits',
    -2_147_483_649,
    'attribute "ext" is not a 32-bit integer: -2147483649',
    sdk.typesUnchecked,
  ],
  ['a number beyond 2^53', 1e21, 'attribute "ext" is not a 32-bit integer: 1e+21', sdk.typesUnchecked],
  ['an object', { a: 1 }, 'attribute "ext" has no CloudEvents type: an object', sdk.typesUnchecked],
  ['an empty object', {}, 'attribute "ext" has no CloudEvents type: an object', sdk.typesUnchecked],
  ['an array', [1], 'attribute "ext" has no CloudEvents type: an array', sdk.typesUnchecked],
]
const values: readonly DecodeCase[] = [
  ...VALUES.map(([what, value, reason]) =>
    structured(`an extension may be ${what} and stays one`, { ext: value }, event({}, { ext: value }), maybe(reason)),
  ),
  ...BAD_VALUES.map(([what, value, message, reason]) =>
    structured(`an extension that is ${what} is refused`, { ext: value }, invalid(message), maybe(reason)),
  ),
  structured('an extension that is null is absent', { ext: null }, event(), { sdk: sdk.nullInvalid }),
  structuredText(
    'an extension of minus zero is zero',
    '{"specversion":"1.0","id":"A-1","source":"/shop","type":"order.placed","ext":-0}',
    event({}, { ext: 0 }),
    { sdk: sdk.minusZero },
  ),
  structured('extensions are listed by name, whatever their order', { b: 1, a: 2 }, event({}, { a: 2, b: 1 })),
  binary(
    'an extension in a header is a string, also when it looks like a number',
    { 'ce-ext': '5' },
    '',
    event({}, { ext: '5' }),
  ),
  binary('an extension in a header may be empty', { 'ce-ext': '' }, '', event({}, { ext: '' })),
]

/** U+007F to U+009F are invisible, yet JSON leaves them as they are; messages do not. */
const shown = (text: string) =>
  JSON.stringify(text).replace(/[\u007f-\u009f]/, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)

const CHARACTERS: ReadonlyArray<readonly [what: string, character: string]> = [
  ['U+0000', '\u0000'],
  ['a tab', '\t'],
  ['a line feed', '\n'],
  ['U+001F', '\u001f'],
  ['U+007F', '\u007f'],
  ['U+009F', '\u009f'],
  ['the noncharacter U+FDD0', '\ufdd0'],
  ['the noncharacter U+FFFE', '\ufffe'],
  ['the noncharacter U+10FFFF', '\u{10ffff}'],
  ['an unpaired high surrogate', '\ud800'],
  ['an unpaired low surrogate', '\udead'],
]
const characters: readonly DecodeCase[] = [
  ...CHARACTERS.map(([what, character]) =>
    structured(
      `a string with ${what} is refused`,
      { subject: `a${character}b` },
      invalid(`attribute "subject" has a forbidden character: ${shown(`a${character}b`)}`),
      { sdk: sdk.controlCharacters },
    ),
  ),
  structured('a surrogate pair is one character', { subject: '\ud83d\ude00' }, event({ subject: '😀' })),
  structured('U+FFFD is an ordinary character', { subject: '\ufffd' }, event({ subject: '\ufffd' })),
  structured(
    'a string may hold blanks, quotes and percent signs',
    { subject: ' 100% "sure" ' },
    event({ subject: ' 100% "sure" ' }),
  ),
  structured(
    'an extension is checked for characters too',
    { ext: 'a\nb' },
    invalid('attribute "ext" has a forbidden character: "a\\nb"'),
    { sdk: sdk.controlCharacters },
  ),
  structured(
    'a bidirectional override and a line separator in a bad value are shown escaped',
    { time: '\u202e\u2028' },
    invalid('attribute "time" is not an RFC 3339 timestamp: "\\u202e\\u2028"'),
    { sdk: sdk.timeBecomesNow },
  ),
  structured(
    'a long bad value is clipped in the message',
    { time: 'x'.repeat(500) },
    invalid(`attribute "time" is not an RFC 3339 timestamp: "${'x'.repeat(80)}…"`),
    { sdk: sdk.timeBecomesNow },
  ),
]

export const attributeCases: readonly DecodeCase[] = [
  ...required,
  ...optional,
  ...versions,
  ...names,
  ...values,
  ...characters,
  structured(
    'all missing attributes are named at once',
    { id: undefined, source: null, type: undefined },
    missing('id, source, type'),
  ),
  structured(
    'every attribute at once',
    {
      time: '2018-04-05T17:31:00Z',
      subject: 'larger-context',
      datacontenttype: 'application/json',
      dataschema: 'https://example.com/s',
      data: { a: 1 },
      comexampleextension1: 'value',
      comexampleothervalue: 5,
    },
    event(
      {
        time: '2018-04-05T17:31:00Z',
        subject: 'larger-context',
        datacontenttype: 'application/json',
        dataschema: 'https://example.com/s',
        data: { a: 1 },
      },
      { comexampleextension1: 'value', comexampleothervalue: 5 },
    ),
  ),
]
