/** How times, durations and numbers are written. Times are Danish time, wherever the browser is. */
export interface Formats {
  number(value: number): string
  /** `25. nov. 2026 kl. 14.03.22` */
  time(iso: string): string
  /** `30. nov. 2026 kl. 23.59`: until when, as people say it; a deadline at midnight is the end of the day before. */
  deadline(iso: string): string
  /** Only the time of day where it is today. */
  shortTime(iso: string): string
  date(iso: string): string
  /** `for 3 min. siden` */
  ago(iso: string, now?: number): string
  /** From milliseconds: `1 t. 3 min.`, `412 ms` */
  duration(milliseconds: number): string
  plural(count: number): 'one' | 'other'
}

const timeZone = 'Europe/Copenhagen'

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

export function formatsOf(language: 'da' | 'en'): Formats {
  const locale = language === 'da' ? 'da-DK' : 'en-GB'
  const numbers = new Intl.NumberFormat(locale)
  const times = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'medium' })
  const clock = new Intl.DateTimeFormat(locale, { timeZone, timeStyle: 'medium' })
  const minutes = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  const dates = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium' })
  const relative = new Intl.RelativeTimeFormat(locale, { style: 'short', numeric: 'auto' })
  const plurals = new Intl.PluralRules(locale)
  const unit = (value: number, name: string, digits = 0) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    }).format(value)

  const date = (iso: string) => dates.format(new Date(iso))
  return {
    number: (value) => numbers.format(value),
    time: (iso) => times.format(new Date(iso)),
    deadline: (iso) => minutes.format(Date.parse(iso) - 1),
    shortTime: (iso) =>
      date(iso) === dates.format(new Date()) ? clock.format(new Date(iso)) : times.format(new Date(iso)),
    date,
    ago: (iso, now = Date.now()) => {
      const difference = Date.parse(iso) - now
      const [name, size] = units.find(([, each]) => Math.abs(difference) >= each) ?? units[3]
      return relative.format(Math.trunc(difference / size), name)
    },
    duration: (milliseconds) => {
      if (milliseconds < 1000) return unit(milliseconds, 'millisecond')
      if (milliseconds < 60_000) return unit(milliseconds / 1000, 'second', milliseconds < 10_000 ? 1 : 0)
      const index = units.findIndex(([, each]) => milliseconds >= each)
      const [name, size] = units[index] ?? units[3]
      const rest = units[index + 1]
      const whole = unit(Math.floor(milliseconds / size), name)
      const remaining = rest ? Math.floor((milliseconds % size) / rest[1]) : 0
      return rest && remaining > 0 ? `${whole} ${unit(remaining, rest[0])}` : whole
    },
    plural: (count) => (plurals.select(count) === 'one' ? 'one' : 'other'),
  }
}

/** The instant that a field for a local time means, as Danish time: ISO 8601. `undefined` where it is no time. */
export function fromDanishTime(local: string): string | undefined {
  const asIfUtc = Date.parse(`${local}Z`)
  if (local === '' || Number.isNaN(asIfUtc)) return undefined
  // The offset of that time, and once more for the hours in which summer time begins or ends.
  const guess = asIfUtc - offsetAt(asIfUtc)
  return new Date(asIfUtc - offsetAt(guess)).toISOString()
}

const parts = new Intl.DateTimeFormat('sv-SE', {
  timeZone,
  dateStyle: 'short',
  timeStyle: 'medium',
})

function offsetAt(time: number): number {
  const whole = Math.floor(time / 1000) * 1000
  return Date.parse(`${parts.format(whole).replace(' ', 'T')}Z`) - whole
}
