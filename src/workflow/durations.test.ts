import fc from 'fast-check'
import { expect, test } from 'vitest'
import { milliseconds } from './durations.ts'

test.each([
  ['PT1S', 1000],
  ['PT0.25S', 250],
  ['PT1M', 60_000],
  ['P1M', 30 * 86_400_000],
  ['P1Y', 365 * 86_400_000],
  ['P1W', 7 * 86_400_000],
  ['P1DT2H3M4.5S', 86_400_000 + 7_200_000 + 180_000 + 4500],
  [{ minutes: 1, seconds: 1, milliseconds: 1 }, 61_001],
  [{ days: 1, hours: -1 }, 82_800_000],
])('%j is %d milliseconds', (duration, expected) => {
  expect(milliseconds(duration)).toBe(expected)
})

test.each([
  '',
  'P',
  'PT',
  'P1',
  '1S',
  'PT1H2',
  'P1S',
  'PT-1S',
  'P9999Y',
  `P${'1'.repeat(300)}D`,
  {},
  { weeks: 1 },
  { seconds: '1' },
  { seconds: -1 },
  5,
  null,
  [],
])('%j is no duration', (duration) => {
  expect(milliseconds(duration as never)).toBeUndefined()
})

test('an ISO text and its parts come to the same', () => {
  const part = fc.integer({ min: 0, max: 100 })
  fc.assert(
    fc.property(part, part, part, part, (days, hours, minutes, seconds) => {
      expect(milliseconds(`P${days}DT${hours}H${minutes}M${seconds}S`)).toBe(
        milliseconds({ days, hours, minutes, seconds }),
      )
    }),
  )
})
