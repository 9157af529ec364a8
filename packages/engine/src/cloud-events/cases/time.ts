/** `time`: RFC 3339 §5.6, verbatim. */
import { binary, type DecodeCase, event, refused, structured } from './case'
import * as sdk from './sdk-faults'

const VALID: ReadonlyArray<readonly [why: string, time: string, sdk?: string]> = [
  ['in UTC', '2018-04-05T17:31:00Z'],
  ['with milliseconds', '2018-04-05T17:31:00.123Z'],
  ['with one fractional digit', '2018-04-05T17:31:00.1Z'],
  ['with nanoseconds', '2018-04-05T17:31:00.123456789Z'],
  ['with 20 fractional digits', '2018-04-05T17:31:00.12345678901234567890Z'],
  ['east of Greenwich', '2018-04-05T17:31:00+02:00'],
  ['west of Greenwich', '2018-04-05T17:31:00-08:30'],
  ['at the greatest offset', '2018-04-05T17:31:00+23:59'],
  ['with the unknown offset -00:00', '2018-04-05T17:31:00-00:00'],
  ['with a lower-case t and z', '2018-04-05t17:31:00z'],
  ['on a leap day', '2024-02-29T00:00:00Z'],
  ['on the leap day of a century that divides by 400', '2000-02-29T00:00:00Z'],
  ['in the year 0000', '0000-01-01T00:00:00Z'],
  ['in the year 9999', '9999-12-31T23:59:59Z'],
  ['at a leap second', '1990-12-31T23:59:60Z', sdk.leapSecond],
  ['at a leap second with a fraction', '1990-12-31T23:59:60.5Z', sdk.leapSecond],
  ['at a leap second seen from California', '1990-12-31T15:59:60-08:00', sdk.leapSecond],
  ['at a leap second seen from Japan, where it is the next month', '1991-01-01T08:59:60+09:00', sdk.leapSecond],
  ['at a leap second at the end of June', '2015-06-30T23:59:60Z', sdk.leapSecond],
]

const INVALID: ReadonlyArray<readonly [why: string, time: string]> = [
  ['a word', 'yesterday'],
  ['a date alone', '2018-04-05'],
  ['a time alone', '17:31:00Z'],
  ['without an offset', '2018-04-05T17:31:00'],
  ['without seconds', '2018-04-05T17:31Z'],
  ['with a blank instead of T', '2018-04-05 17:31:00Z'],
  ['in the basic form of ISO 8601', '20180405T173100Z'],
  ['a week date', '2018-W14-4T17:31:00Z'],
  ['an HTTP date', 'Thu, 05 Apr 2018 17:31:00 GMT'],
  ['epoch seconds', '1522949460'],
  ['with a comma as decimal sign', '2018-04-05T17:31:00,5Z'],
  ['with a point and no digits', '2018-04-05T17:31:00.Z'],
  ['with an offset without a colon', '2018-04-05T17:31:00+0200'],
  ['with an offset of hours only', '2018-04-05T17:31:00+02'],
  ['with an offset of 24 hours', '2018-04-05T17:31:00+24:00'],
  ['with an offset of 60 minutes', '2018-04-05T17:31:00+02:60'],
  ['with a zone name', '2018-04-05T17:31:00 Europe/Berlin'],
  ['in month 00', '2018-00-05T17:31:00Z'],
  ['in month 13', '2018-13-05T17:31:00Z'],
  ['on day 00', '2018-04-00T17:31:00Z'],
  ['on 31 April', '2018-04-31T17:31:00Z'],
  ['on 29 February of a common year', '2023-02-29T17:31:00Z'],
  ['on 29 February of a century', '1900-02-29T17:31:00Z'],
  ['on 30 February', '2024-02-30T17:31:00Z'],
  ['at hour 24', '2018-04-05T24:00:00Z'],
  ['at minute 60', '2018-04-05T17:60:00Z'],
  ['at second 61', '2018-12-31T23:59:61Z'],
  ['at second 60 in the middle of a day', '2018-12-31T17:31:60Z'],
  ['at second 60 in the middle of a month', '2018-12-15T23:59:60Z'],
  ['at second 60 of local midnight that is not midnight UTC', '2018-12-31T23:59:60+01:00'],
  ['with a year of five digits', '12018-04-05T17:31:00Z'],
  ['with a sign before the year', '+2018-04-05T17:31:00Z'],
  ['with a blank in front', ' 2018-04-05T17:31:00Z'],
  ['with digits of another script', '２018-04-05T17:31:00Z'],
]

function notATimestamp(time: string) {
  return refused('InvalidAttribute', `attribute "time" is not an RFC 3339 timestamp: ${JSON.stringify(time)}`)
}

export const timeCases: readonly DecodeCase[] = [
  ...VALID.map(([why, time, reason]) =>
    structured(`a time ${why} is kept verbatim`, { time }, event({ time }), reason ? { sdk: reason } : {}),
  ),
  ...INVALID.map(([why, time]) =>
    structured(`a time is refused: ${why}`, { time }, notATimestamp(time), { sdk: sdk.timeBecomesNow }),
  ),
  structured(
    'a time that ends in a newline is refused',
    { time: '2018-04-05T17:31:00Z\n' },
    {
      ...refused('InvalidAttribute', 'attribute "time" has a forbidden character: "2018-04-05T17:31:00Z\\n"'),
    },
    { sdk: sdk.timeBecomesNow },
  ),
  structured('a time that is null is absent', { time: null }, event()),
  structured(
    'a time that is a number is refused',
    { time: 1522949460 },
    refused('InvalidAttribute', 'attribute "time" must be a string, not a number'),
    { sdk: sdk.timeBecomesNow },
  ),
  structured('an empty time is refused', { time: '' }, refused('InvalidAttribute', 'attribute "time" is empty'), {
    sdk: sdk.falsyDropped,
  }),
  binary(
    'a time in a header is kept verbatim',
    { 'ce-time': '2018-04-05T17:31:00.5+02:00' },
    '',
    event({ time: '2018-04-05T17:31:00.5+02:00' }),
  ),
  binary(
    'a percent-encoded time in a header is decoded first',
    { 'ce-time': '2018-04-05T17%3A31%3A00Z' },
    '',
    event({ time: '2018-04-05T17:31:00Z' }),
    { sdk: sdk.noPercentDecoding },
  ),
  binary('a bad time in a header is refused', { 'ce-time': 'now' }, '', notATimestamp('now'), {
    sdk: sdk.timeBecomesNow,
  }),
]
