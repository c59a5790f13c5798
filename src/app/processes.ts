import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { packageVersion, type Settings } from '../config/index.ts'
import type { Database, Row } from '../database/index.ts'
import type { EngineHealth } from '../engines/index.ts'

/** The processes of the installation: who takes requests, who carries runs out, and who has died. */
export interface Processes {
  /** The newest first; at most 100. */
  list(): Promise<readonly ProcessInfo[]>
  /** From here on it takes no new work. */
  stopping(): void
  close(): Promise<void>
}

export interface ProcessInfo {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly role: Settings['role']
  readonly version: string
  /** Milliseconds since 1970, as are all times. */
  readonly startedAt: number
  readonly seenAt: number
  /** `gone`: it has not been heard of, and did not say that it ends. */
  readonly state: 'alive' | 'stopping' | 'gone'
  /** Whether it carries runs out. */
  readonly works: boolean
  /** Whether it deals with schedules and events for all. */
  readonly leads: boolean
  readonly liveRuns: number
  readonly activitiesRunning: number
  /** Whether it is the one that answers. */
  readonly self: boolean
}

export interface ProcessesOptions {
  readonly database: Database
  readonly role: Settings['role']
  /** Whether there may be others: then each writes down that it lives. */
  readonly shared: boolean
  readonly health: () => EngineHealth
  readonly now: () => number
  /** Milliseconds between two signs of life. */
  readonly beatEvery?: number
}

/** One that was silent for so many beats is taken for dead. */
const silentBeats = 4
/** For whoever looks in the morning at what died in the night. */
const rememberedFor = 86_400_000
const most = 100

export function openProcesses(options: ProcessesOptions): Processes {
  const { database, role, shared, health, now, beatEvery = 5000 } = options
  const id = randomUUID()
  const startedAt = now()
  let isStopping = false

  const own = (): ProcessInfo => {
    const { worker = 'running', leads = true, liveRuns, activitiesRunning } = health()
    return {
      ...{ id, host: hostname(), pid: process.pid, role, version: packageVersion() },
      ...{ startedAt, seenAt: now(), state: isStopping ? 'stopping' : 'alive' },
      ...{ works: worker === 'running', leads, liveRuns, activitiesRunning, self: true },
    }
  }

  const beat = async () => {
    const { host, pid, version, seenAt, state, works, leads, liveRuns, activitiesRunning } = own()
    const told: Told = { stopping: state === 'stopping', works, leads, liveRuns, activitiesRunning }
    await database.commit([
      {
        sql: `INSERT INTO processes (id, host, pid, role, version, started_at, seen_at, health)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?)
              ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, health = excluded.health`,
        parameters: [id, host, pid, role, version, startedAt, seenAt, JSON.stringify(told)],
      },
      { sql: 'DELETE FROM processes WHERE seen_at < ?', parameters: [seenAt - rememberedFor] },
    ])
  }
  // While the database is away nobody hears of it; the next beat tells.
  let beating: Promise<void> = Promise.resolve()
  const beatNext = () => (beating = beating.then(beat).catch(() => {}))
  const timer = shared ? setInterval(() => void beatNext(), beatEvery).unref() : undefined
  if (shared) void beatNext()

  return {
    async list() {
      if (!shared) return [own()]
      const rows = await database.query<Row>(
        `SELECT * FROM processes WHERE id <> ? ORDER BY started_at DESC LIMIT ${most - 1}`,
        [id],
      )
      const heardAfter = now() - silentBeats * beatEvery
      return [own(), ...rows.map((row) => other(row, heardAfter))].sort(
        (one, another) => another.startedAt - one.startedAt,
      )
    },
    stopping() {
      isStopping = true
      if (shared) void beatNext()
    },
    async close() {
      clearInterval(timer)
      await beating
      if (!shared) return
      await database.commit([{ sql: 'DELETE FROM processes WHERE id = ?', parameters: [id] }]).catch(() => {})
    },
  }
}

/** What a process writes down of itself, beside what never changes. */
interface Told {
  readonly stopping: boolean
  readonly works: boolean
  readonly leads: boolean
  readonly liveRuns: number
  readonly activitiesRunning: number
}

function other(row: Row, heardAfter: number): ProcessInfo {
  const { stopping, ...told } = JSON.parse(row.health as string) as Told
  const seenAt = row.seen_at as number
  const isGone = seenAt < heardAfter
  return {
    id: row.id as string,
    host: row.host as string,
    pid: row.pid as number,
    role: row.role as Settings['role'],
    version: row.version as string,
    startedAt: row.started_at as number,
    seenAt,
    ...told,
    state: isGone ? 'gone' : stopping ? 'stopping' : 'alive',
    ...(isGone && { works: false, leads: false, liveRuns: 0, activitiesRunning: 0 }),
    self: false,
  }
}
