import { Cron } from 'croner'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cronFault } from './cron.ts'

describe('a cron expression', () => {
  it.each([
    '* * * * *',
    '0 6 * * 1-5',
    '*/15 8-16 1,15 JAN-jun mon',
    '0 0 29 2 *',
    '0 0 31 2 1',
    '5-50/5 0 * * 7',
  ])('%s is valid', (expression) => {
    expect(cronFault(expression)).toBeUndefined()
  })

  it.each([
    ['', /five fields, but this has 1/],
    ['* * * *', /has 4/],
    ['0 0 12 * * ?', /has 6/],
    ['60 * * * *', /minute field "60".*not between 0 and 59/],
    ['* 24 * * *', /hour field/],
    ['* * 0 * *', /day of month field/],
    ['* * * 13 *', /month field/],
    ['* * * * 8', /day of week field/],
    ['* * * * MOON', /day of week field/],
    ['5-1 * * * *', /goes backwards/],
    ['*/0 * * * *', /step/],
    ['5/10 * * * *', /write "5-59\/10"/],
    ['1,,2 * * * *', /neither/],
    ['* * L * *', /day of month field/],
    ['0 0 30 2 *', /no chosen month has a day 30/],
    ['0 0 31 4,6 *', /never comes/],
    ['@daily', /not a cron expression/],
    ['*'.repeat(1000), /longer than 500/],
  ])('%s is not', (expression, message) => {
    expect(cronFault(expression)?.message).toMatch(message)
  })

  it('that is valid here runs at some time by the library that keeps schedules', () => {
    fc.assert(
      fc.property(fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)), (fields) => {
        const expression = fields.join(' ')
        fc.pre(cronFault(expression) === undefined)
        const cron = new Cron(expression, { timezone: 'UTC', mode: '5-part', paused: true })
        expect(cron.nextRun(new Date('2026-01-01T00:00:00Z'))).not.toBeNull()
      }),
    )
  })
})

function field(from: number, to: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: from, max: to })
  const range = fc
    .tuple(value, value)
    .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`)
  const stepped = fc
    .tuple(fc.oneof(fc.constant('*'), range), fc.integer({ min: 1, max: to }))
    .map((parts) => parts.join('/'))
  const item = fc.oneof(value.map(String), range, stepped)
  return fc.oneof(
    fc.constant('*'),
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
  )
}
