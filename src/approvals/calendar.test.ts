import { describe, expect, test } from 'vitest'
import {
  afterWorkingDays,
  beforeWorkingDays,
  easterSunday,
  isHoliday,
  type WorkingCalendar,
} from './calendar.ts'

const calendar: WorkingCalendar = { timezone: 'Europe/Copenhagen', alsoClosed: [], closedDates: [] }
const day = (text: string) => Date.parse(`${text}T00:00:00Z`)
const iso = (at: number) => new Date(at).toISOString()
const holidays = (year: number) => {
  const found: string[] = []
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 86_400_000)
    if (isHoliday(at)) found.push(iso(at).slice(5, 10))
  return found
}

test.each([
  [2000, '2000-04-23'],
  [2008, '2008-03-23'],
  [2024, '2024-03-31'],
  [2025, '2025-04-20'],
  [2026, '2026-04-05'],
  [2038, '2038-04-25'],
  [2049, '2049-04-18'],
])('Easter of %i is %s', (year, date) => {
  expect(easterSunday(year)).toBe(day(date))
})

test('the public holidays of 2026 are those of the law', () => {
  expect(holidays(2026)).toEqual([
    '01-01',
    '04-02',
    '04-03',
    '04-05',
    '04-06',
    '05-14',
    '05-24',
    '05-25',
    '12-25',
    '12-26',
  ])
})

test('the Great Prayer Day is a holiday until 2023, and none from 2024 on', () => {
  expect(holidays(2023)).toContain('05-05')
  expect(holidays(2024)).not.toContain('04-26')
})

describe('a number of working days', () => {
  test.each([
    ['over a weekend', '2026-01-09T13:00:00Z', 1, '2026-01-12T23:00:00.000Z'],
    ['from a Saturday', '2026-01-10T13:00:00Z', 1, '2026-01-12T23:00:00.000Z'],
    ['over Easter', '2026-04-01T08:00:00Z', 2, '2026-04-08T22:00:00.000Z'],
    ['over the change to summer time', '2026-03-27T08:00:00Z', 1, '2026-03-30T22:00:00.000Z'],
    ['over the change to winter time', '2026-10-23T08:00:00Z', 1, '2026-10-26T23:00:00.000Z'],
    [
      'late in the evening, by the clock of Copenhagen',
      '2026-01-08T23:30:00Z',
      1,
      '2026-01-12T23:00:00.000Z',
    ],
  ])('%s', (_what, from, days, until) => {
    expect(iso(afterWorkingDays(Date.parse(from), days, calendar))).toBe(until)
  })

  test('leaves out what the calendar closes besides', () => {
    const from = Date.parse('2026-12-23T10:00:00Z')
    expect(iso(afterWorkingDays(from, 1, calendar))).toBe('2026-12-24T23:00:00.000Z')
    const closed: WorkingCalendar = {
      ...calendar,
      alsoClosed: ['christmas-eve', 'new-years-eve'],
      closedDates: ['2026-12-28'],
    }
    expect(iso(afterWorkingDays(from, 1, closed))).toBe('2026-12-29T23:00:00.000Z')
    const june: WorkingCalendar = { ...calendar, alsoClosed: ['constitution-day'] }
    expect(iso(afterWorkingDays(Date.parse('2026-06-04T10:00:00Z'), 1, june))).toBe(
      '2026-06-08T22:00:00.000Z',
    )
  })

  test('before a deadline is counted back from the day on which it ends', () => {
    const until = afterWorkingDays(Date.parse('2026-01-09T13:00:00Z'), 1, calendar)
    expect(iso(beforeWorkingDays(until, 1, calendar))).toBe('2026-01-08T23:00:00.000Z')
  })
})
