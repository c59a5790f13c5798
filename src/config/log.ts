const levels = ['error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof levels)[number]

/** One line of a log: never a secret, never the data of a run. */
export type Log = (level: LogLevel, message: string, data?: { readonly [key: string]: unknown }) => void

/** A log of one JSON object a line, for machines to gather. */
export function createLog(
  least: LogLevel | 'silent',
  write: (line: string) => void = (line) => process.stderr.write(line),
  now: () => Date = () => new Date(),
): Log {
  const most = least === 'silent' ? -1 : levels.indexOf(least)
  const repeats = new Repeats()
  return (level, message, data) => {
    if (levels.indexOf(level) > most) return
    const time = now()
    const line = JSON.stringify({ level, message, ...data })
    const left = level === 'error' || level === 'warn' ? repeats.take(line, time.getTime()) : 0
    if (left === undefined) return
    const more = left > 0 ? { repeated: left } : {}
    write(`${JSON.stringify({ time: time.toISOString(), level, message, ...data, ...more })}\n`)
  }
}

const within = 600_000
const mostAlike = 3
const mostRemembered = 1000

/**
 * While something is away for a night, what tries again says so every second: more of the same would only hide the rest.
 * Three times within ten minutes is enough; the first one afterwards says how many were left out.
 */
class Repeats {
  readonly #seen = new Map<string, { since: number; count: number }>()

  /** How many like it were left out before; `undefined` where it is to be left out itself. */
  take(line: string, now: number): number | undefined {
    const seen = this.#seen.get(line)
    if (seen && now - seen.since < within) return ++seen.count > mostAlike ? undefined : 0
    this.#seen.delete(line)
    this.#seen.set(line, { since: now, count: 1 })
    const [oldest = ''] = this.#seen.keys()
    if (this.#seen.size > mostRemembered) this.#seen.delete(oldest)
    return seen ? Math.max(0, seen.count - mostAlike) : 0
  }
}
