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
  return (level, message, data) => {
    if (levels.indexOf(level) > most) return
    write(`${JSON.stringify({ time: now().toISOString(), level, message, ...data })}\n`)
  }
}
