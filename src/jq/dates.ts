/**
 * Dates and times, by arithmetic alone: the proleptic Gregorian calendar in UTC, and C's `strftime` and
 * `strptime` in the C locale.
 */

/** C's `struct tm`, with the year in full. `month`, `weekday` (Sunday is 0) and `yearday` count from 0. */
export interface BrokenTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  weekday: number
  yearday: number
}

const daySeconds = 86_400

/** Days since 1970-01-01 of a date whose month and day may lie outside of the year and the month. */
function daysFrom(year: number, month: number, day: number): number {
  const y = year + Math.floor(month / 12)
  const m = ((month % 12) + 12) % 12
  const shifted = m < 2 ? y - 1 : y
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((m + 10) % 12) + 2) / 5)
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468 + day - 1
}

export function toEpoch(time: BrokenTime): number {
  const days = daysFrom(time.year, time.month, time.day)
  return days * daySeconds + time.hour * 3600 + time.minute * 60 + time.second
}

/** The date and time of so many whole seconds since 1970. */
export function fromEpoch(seconds: number): BrokenTime {
  const days = Math.floor(seconds / daySeconds)
  const rest = seconds - days * daySeconds
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = (shiftedMonth + 2) % 12
  const year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
  return {
    year,
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearday: days - daysFrom(year, 0, 1),
  }
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]

const composites: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  v: '%e-%b-%Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  '+': '%a %b %e %H:%M:%S %Z %Y',
}

/** Writes a time; a conversion that C does not know stands for itself. */
export function strftime(time: BrokenTime, format: string): string {
  return format.replace(
    /%([_0^#-]?)(\d*)([EO]?)([A-Za-z%+])/g,
    (text, flag: string, width: string, _mark, letter: string) => {
      const composite = Object.hasOwn(composites, letter) ? composites[letter] : undefined
      if (composite !== undefined) return strftime(time, composite)
      const field = Object.hasOwn(writers, letter) ? writers[letter]?.(time) : undefined
      if (field === undefined) return text
      if (typeof field === 'string') return flag === '^' ? field.toUpperCase() : field
      const [value, digits, padding] = field
      const fill = flag === '_' ? ' ' : flag === '0' ? '0' : padding
      const size = flag === '-' ? 0 : width === '' ? digits : Math.min(Number(width), 100)
      return value < 0 ? `-${String(-value).padStart(size - 1, fill)}` : String(value).padStart(size, fill)
    },
  )
}

type Field = string | readonly [value: number, digits: number, padding: '0' | ' ']

function number(value: number, digits: number, padding: '0' | ' ' = '0'): Field {
  return [value, digits, padding]
}

const writers: Readonly<Record<string, (time: BrokenTime) => Field>> = {
  a: (t) => (weekdays[t.weekday] ?? '?').slice(0, 3),
  A: (t) => weekdays[t.weekday] ?? '?',
  b: (t) => (months[t.month] ?? '?').slice(0, 3),
  h: (t) => (months[t.month] ?? '?').slice(0, 3),
  B: (t) => months[t.month] ?? '?',
  C: (t) => number(Math.floor(t.year / 100), 2),
  d: (t) => number(t.day, 2),
  e: (t) => number(t.day, 2, ' '),
  G: (t) => number(isoWeek(t).year, 4),
  g: (t) => number(((isoWeek(t).year % 100) + 100) % 100, 2),
  H: (t) => number(t.hour, 2),
  k: (t) => number(t.hour, 2, ' '),
  I: (t) => number(hour12(t), 2),
  l: (t) => number(hour12(t), 2, ' '),
  j: (t) => number(t.yearday + 1, 3),
  m: (t) => number(t.month + 1, 2),
  M: (t) => number(t.minute, 2),
  n: () => '\n',
  p: (t) => (t.hour < 12 ? 'AM' : 'PM'),
  P: (t) => (t.hour < 12 ? 'am' : 'pm'),
  s: (t) => number(toEpoch(t), 1),
  S: (t) => number(Math.floor(t.second), 2),
  t: () => '\t',
  u: (t) => number(t.weekday === 0 ? 7 : t.weekday, 1),
  U: (t) => number(Math.floor((t.yearday + 7 - t.weekday) / 7), 2),
  V: (t) => number(isoWeek(t).week, 2),
  w: (t) => number(t.weekday, 1),
  W: (t) => number(Math.floor((t.yearday + 7 - ((t.weekday + 6) % 7)) / 7), 2),
  y: (t) => number(((t.year % 100) + 100) % 100, 2),
  Y: (t) => number(t.year, 4),
  z: () => '+0000',
  Z: () => 'UTC',
  '%': () => '%',
}

function hour12(time: BrokenTime): number {
  return time.hour % 12 === 0 ? 12 : time.hour % 12
}

/** The week by ISO 8601: week 1 holds the year's first Thursday. */
function isoWeek(time: BrokenTime): { year: number; week: number } {
  const monday = (time.weekday + 6) % 7
  const week = Math.floor((time.yearday - monday + 10) / 7)
  if (week < 1) return { year: time.year - 1, week: weeksIn(time.year - 1) }
  return week > weeksIn(time.year) ? { year: time.year + 1, week: 1 } : { year: time.year, week }
}

function weeksIn(year: number): number {
  const start = (((daysFrom(year, 0, 1) + 3) % 7) + 7) % 7
  const length = daysFrom(year + 1, 0, 1) - daysFrom(year, 0, 1)
  return start === 3 || (start === 2 && length === 366) ? 53 : 52
}

/** What `strptime` finds, before it is put together. */
interface Found {
  year?: number
  century?: number
  month?: number
  day?: number
  yearday?: number
  weekday?: number
  hour?: number
  minute?: number
  second?: number
  isAfternoon?: boolean
  epoch?: number
}

/** Reads a time; `undefined` where the text does not fit. `rest` is what follows in the text. */
export function strptime(text: string, format: string): { time: BrokenTime; rest: string } | undefined {
  const found: Found = {}
  const rest = read(text, format, found)
  return rest === undefined ? undefined : { time: complete(found), rest }
}

function read(text: string, format: string, found: Found): string | undefined {
  let rest = text
  for (let i = 0; i < format.length; i++) {
    const char = format[i] as string
    if (/\s/.test(char)) {
      rest = rest.trimStart()
      continue
    }
    if (char !== '%') {
      if (!rest.startsWith(char)) return undefined
      rest = rest.slice(1)
      continue
    }
    i++
    while (/[EO_0^#-]/.test(format[i] ?? '')) i++
    const next = readField(rest, format[i] ?? '', found)
    if (next === undefined) return undefined
    rest = next
  }
  return rest
}

function readField(text: string, letter: string, found: Found): string | undefined {
  const composite = Object.hasOwn(composites, letter) ? composites[letter] : undefined
  if (composite !== undefined) return read(text, composite, found)
  const reader = Object.hasOwn(readers, letter) ? readers[letter] : undefined
  return reader?.(text, found)
}

type Reader = (text: string, found: Found) => string | undefined

function digits(
  most: number,
  low: number,
  high: number,
  store: (found: Found, value: number) => void,
): Reader {
  const pattern = new RegExp(`^ *(\\d{1,${most}})`)
  return (text, found) => {
    const match = pattern.exec(text)
    if (match === null) return undefined
    const value = Number(match[1])
    if (value < low || value > high) return undefined
    store(found, value)
    return text.slice(match[0].length)
  }
}

/** A name in full or by its first three letters, without regard to case. */
function nameOf(names: readonly string[], store: (found: Found, index: number) => void): Reader {
  return (text, found) => {
    const lower = text.toLowerCase()
    for (const [i, name] of names.entries()) {
      const full = name.toLowerCase()
      for (const form of [full, full.slice(0, 3)]) {
        if (!lower.startsWith(form)) continue
        store(found, i)
        return text.slice(form.length)
      }
    }
    return undefined
  }
}

function matching(pattern: RegExp, store: (found: Found, text: string) => void = () => {}): Reader {
  return (text, found) => {
    const match = pattern.exec(text)
    if (match === null) return undefined
    store(found, match[0])
    return text.slice(match[0].length)
  }
}

const day = digits(2, 1, 31, (found, value) => (found.day = value))
const hour24 = digits(2, 0, 23, (found, value) => (found.hour = value))
const hours12 = digits(2, 1, 12, (found, value) => (found.hour = value % 12))
const weekday = nameOf(weekdays, (found, value) => (found.weekday = value))
const monthName = nameOf(months, (found, value) => (found.month = value))

const readers: Readonly<Record<string, Reader>> = {
  a: weekday,
  A: weekday,
  b: monthName,
  B: monthName,
  h: monthName,
  C: digits(2, 0, 99, (found, value) => (found.century = value)),
  d: day,
  e: day,
  H: hour24,
  k: hour24,
  I: hours12,
  l: hours12,
  j: digits(3, 1, 366, (found, value) => (found.yearday = value - 1)),
  m: digits(2, 1, 12, (found, value) => (found.month = value - 1)),
  M: digits(2, 0, 59, (found, value) => (found.minute = value)),
  n: matching(/^\s*/),
  t: matching(/^\s*/),
  p: matching(/^[ap]m/i, (found, text) => (found.isAfternoon = text[0] === 'P' || text[0] === 'p')),
  P: matching(/^[ap]m/i, (found, text) => (found.isAfternoon = text[0] === 'P' || text[0] === 'p')),
  s: matching(/^-?\d{1,15}/, (found, text) => (found.epoch = Number(text))),
  S: digits(2, 0, 61, (found, value) => (found.second = value)),
  u: digits(1, 1, 7, (found, value) => (found.weekday = value % 7)),
  U: digits(2, 0, 53, () => {}),
  w: digits(1, 0, 6, (found, value) => (found.weekday = value)),
  W: digits(2, 0, 53, () => {}),
  y: digits(2, 0, 99, (found, value) => (found.year = value + (value < 69 ? 2000 : 1900))),
  Y: matching(/^-?\d{1,4}/, (found, text) => (found.year = Number(text))),
  z: matching(/^(?:Z|[+-]\d{2}(?::?\d{2})?)/),
  Z: matching(/^[A-Za-z]*/),
  '%': matching(/^%/),
}

/** What is not given is that of 1970-01-01 at midnight; the days of the week and the year follow from the date. */
function complete(found: Found): BrokenTime {
  if (found.epoch !== undefined) return fromEpoch(found.epoch)
  const { minute = 0, second = 0, isAfternoon } = found
  const hour =
    isAfternoon === undefined ? (found.hour ?? 0) : ((found.hour ?? 0) % 12) + (isAfternoon ? 12 : 0)
  const given = found.year ?? 1970
  const year = found.century === undefined ? given : found.century * 100 + (given % 100)
  const isByYearday = found.yearday !== undefined && found.month === undefined && found.day === undefined
  const month = isByYearday ? 0 : (found.month ?? 0)
  const dayOfMonth = isByYearday ? (found.yearday as number) + 1 : (found.day ?? 1)
  const date = fromEpoch(daysFrom(year, month, dayOfMonth) * daySeconds)
  const shown = isByYearday ? { month: date.month, day: date.day } : { month, day: dayOfMonth }
  return {
    ...date,
    year: isByYearday ? date.year : year,
    ...shown,
    hour,
    minute,
    second,
    yearday: daysFrom(year, month, dayOfMonth) - daysFrom(year, 0, 1),
  }
}
