import { insertRows, type Database, type SqlValue } from '../database/index.ts'

/**
 * The log of each run: what its functions said on standard error, and what the engine said of it. Kept with the run
 * and removed with it. What is logged has its secrets masked already; it may tell of people none the less.
 */
export interface RunLogs {
  /**
   * Keeps a line whose data names a run as `run`; others are none of its business. Never throws and keeps nobody
   * waiting: lines are written a moment later, and those of the last moment before a crash are in the server's own
   * log alone.
   */
  take(level: RunLogLine['level'], message: string, data?: { readonly [key: string]: unknown }): void
  /** The lines of a run in their order, after the one that is named. */
  read(run: string, query?: { readonly after?: number; readonly limit?: number }): Promise<RunLogPage>
  /** Writes what is left. */
  close(): Promise<void>
}

export interface RunLogLine {
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly message: string
  /** What else was said: the function, the trace, the error. */
  readonly data: { readonly [key: string]: unknown }
}

export interface RunLogPage {
  readonly lines: readonly RunLogLine[]
  /** There are more lines after these. */
  readonly more: boolean
}

/** Most lines and characters that are kept of one run. */
const mostLines = 10_000
const mostCharacters = 2_000_000
const mostOfALine = 8192
/** Most lines in memory; what comes while the database does not take them is left out. */
const mostWaiting = 5000
const pauseMs = 200
const mostRuns = 2000

interface Kept {
  lines: number
  characters: number
}

export function openRunLogs(database: Database, now: () => number): RunLogs {
  let waiting: Line[] = []
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let last = 0
  /** How much is kept of the runs that said something last. */
  const kept = new Map<string, Kept>()

  const keptOf = async (run: string): Promise<Kept> => {
    const known = kept.get(run)
    if (known) return known
    const [row] = await database.query<{ count: number; characters: number | null }>(
      'SELECT count(*) AS count, sum(length(message) + length(data)) AS characters FROM run_logs WHERE run = ?',
      [run],
    )
    const found = { lines: row?.count ?? 0, characters: row?.characters ?? 0 }
    if (kept.size >= mostRuns) kept.delete(kept.keys().next().value ?? '')
    kept.set(run, found)
    return found
  }

  const flush = async (): Promise<void> => {
    timer = undefined
    const lines = waiting
    waiting = []
    const rows: SqlValue[][] = []
    try {
      for (const line of lines) {
        const counts = await keptOf(line.run)
        if (counts.lines > mostLines || counts.characters > mostCharacters) continue
        counts.lines += 1
        counts.characters += line.message.length + line.data.length
        const full = counts.lines > mostLines || counts.characters > mostCharacters
        const said = full ? { ...line, ...leftOut } : line
        rows.push([said.run, said.seq, said.at, said.level, said.message, said.data])
      }
      if (rows.length === 0) return
      const columns = ['run', 'seq', 'at', 'level', 'message', 'data']
      await database.commit(insertRows('run_logs', columns, rows, 'ON CONFLICT DO NOTHING'))
    } catch {
      // A log is never a reason to stop: the lines are in the server's own log.
      kept.clear()
    }
  }
  const write = () => (writing = writing.then(flush))

  return {
    take(level, message, data = {}) {
      const { run, ...rest } = data
      if (typeof run !== 'string' || waiting.length >= mostWaiting) return
      const at = now()
      last = Math.max(last + 1, at * 1000)
      const text = plain(message).slice(0, mostOfALine)
      waiting.push({ run, seq: last, at, level, message: text, data: dataText(rest) })
      timer ??= setTimeout(() => void write(), pauseMs).unref()
    },
    async read(run, { after = 0, limit = 500 } = {}) {
      const rows = await database.query<Omit<Line, 'run'>>(
        'SELECT seq, at, level, message, data FROM run_logs WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?',
        [run, after, limit + 1],
      )
      const lines = rows.slice(0, limit).map(({ at, data, ...rest }) => ({
        ...rest,
        at: new Date(at).toISOString(),
        data: JSON.parse(data) as RunLogLine['data'],
      }))
      return { lines, more: rows.length > limit }
    },
    async close() {
      clearTimeout(timer)
      await write()
    },
  }
}

type Line = {
  run: string
  seq: number
  at: number
  level: RunLogLine['level']
  message: string
  /** JSON. */
  data: string
}

const leftOut = {
  level: 'warn',
  message: 'The run has said more than is kept: the rest is in the log of the server alone.',
  data: '{}',
} as const

function dataText(data: object): string {
  const text = JSON.stringify(data)
  return text.length > mostOfALine ? '{}' : text
}

/** Without colours for terminals and other characters that are not text. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ')
}
