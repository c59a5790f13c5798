import { fault } from '../workflow/index.ts'

/** Days that many offices are closed although they are no public holidays. */
export type AlsoClosed = 'constitution-day' | 'christmas-eve' | 'new-years-eve'

/** Which days are working days: Monday to Friday, but for Danish public holidays and what is closed besides. */
export interface WorkingCalendar {
  /** IANA name. */
  readonly timezone: string
  readonly alsoClosed: readonly AlsoClosed[]
  /** `2026-07-20` */
  readonly closedDates: readonly string[]
}

const dayMs = 86_400_000

/**
 * The end of the n-th working day after the day of `from`, where the calendar is: milliseconds since 1970. So what is
 * asked on a Friday with one working day may be answered until Monday at midnight.
 */
export function afterWorkingDays(from: number, days: number, calendar: WorkingCalendar): number {
  let date = dateIn(from, calendar.timezone)
  for (let left = days; left > 0;) {
    date += dayMs
    if (isWorkingDay(date, calendar)) left--
  }
  return instantOf(date + dayMs, calendar.timezone)
}

/** The begin of the n-th working day before the day on which `until` ends. */
export function beforeWorkingDays(until: number, days: number, calendar: WorkingCalendar): number {
  let date = dateIn(until - 1, calendar.timezone)
  for (let left = days; left > 0;) {
    date -= dayMs
    if (isWorkingDay(date, calendar)) left--
  }
  return instantOf(date, calendar.timezone)
}

/** `date` is midnight of that date in UTC: dates are counted without a time zone. */
export function isWorkingDay(date: number, { alsoClosed, closedDates }: WorkingCalendar): boolean {
  const at = new Date(date)
  const weekday = at.getUTCDay()
  if (weekday === 0 || weekday === 6) return false
  if (closedDates.includes(at.toISOString().slice(0, 10))) return false
  return !isHoliday(date) && !alsoClosed.some((day) => fixedDays[day] === at.toISOString().slice(5, 10))
}

const fixedDays: { readonly [day in AlsoClosed]: string } = {
  'constitution-day': '06-05',
  'christmas-eve': '12-24',
  'new-years-eve': '12-31',
}

/** Days from Easter Sunday: Maundy Thursday, Good Friday, Easter, Ascension Day, Whitsun. */
const byEaster = [-3, -2, 0, 1, 39, 49, 50]
/** The Great Prayer Day was a holiday until 2023 (lov nr. 214 af 6. marts 2023). */
const greatPrayerDay = 26

/** Danish public holidays. */
export function isHoliday(date: number): boolean {
  const at = new Date(date)
  if (['01-01', '12-25', '12-26'].includes(at.toISOString().slice(5, 10))) return true
  const year = at.getUTCFullYear()
  const days = Math.round((date - easterSunday(year)) / dayMs)
  return byEaster.includes(days) || (days === greatPrayerDay && year < 2024)
}

/** Easter Sunday of the Gregorian calendar, by the algorithm of Meeus, Jones and Butcher; midnight UTC. */
export function easterSunday(year: number): number {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const rest = year % 100
  const skipped = Math.floor((century + 8) / 25)
  const epact =
    (19 * golden + century - Math.floor(century / 4) - Math.floor((century - skipped + 1) / 3) + 15) % 30
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - epact - (rest % 4)) % 7
  const correction = Math.floor((golden + 11 * epact + 22 * weekday) / 451)
  const day = epact + weekday - 7 * correction + 114
  return Date.UTC(year, Math.floor(day / 31) - 1, (day % 31) + 1)
}

/** The date at an instant in a time zone, as midnight UTC of that date. */
function dateIn(at: number, timezone: string): number {
  return Math.floor((at + offsetAt(at, timezone)) / dayMs) * dayMs
}

/** The instant at which a date begins in a time zone. */
function instantOf(date: number, timezone: string): number {
  const first = date - offsetAt(date, timezone)
  // Where the clocks are changed in between, the offset of the instant itself counts.
  return date - offsetAt(first, timezone)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds by which the time zone is ahead of UTC at an instant. */
function offsetAt(at: number, timezone: string): number {
  let format = formats.get(timezone)
  if (!format) formats.set(timezone, (format = formatIn(timezone)))
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
}

function formatIn(timezone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw fault('configuration', `There is no time zone ${JSON.stringify(timezone)}.`)
  }
}
