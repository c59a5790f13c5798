import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { packageVersion, type Settings } from '../config/index.ts'
import type { Database } from '../database/index.ts'
import type { EngineHealth } from '../engines/index.ts'
import { databaseMembers, Member, type KnownMember } from '../members/index.ts'

/** The processes of the installation: who takes requests, who carries runs out, and who has died. */
export interface Processes {
  /** The newest first; at most 100. */
  list(): Promise<readonly ProcessInfo[]>
  /** From here on it takes no new work. */
  stopping(): void
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
  /** What differs where two processes have read different connections, policies or functions. */
  readonly configuration?: string
  /** Whether it is the one that answers. */
  readonly self: boolean
}

export interface ProcessesOptions {
  /** This process among others; `undefined` where it has the installation for itself. */
  readonly member: Member | undefined
  readonly role: Settings['role']
  readonly health: () => EngineHealth
  /** `configurationOf` the project that it has read. */
  readonly configuration?: () => string | undefined
  readonly now: () => number
}

const most = 100
/** Under this name a process tells how it is. */
const part = 'health'

/** Lets the others know of this process; rejects where the database is away. */
export function joinOthers({ role }: Settings, database: Database): Promise<Member> {
  return Member.join({ store: databaseMembers(database), role, version: packageVersion() })
}

export function openProcesses({
  member,
  role,
  health,
  now,
  configuration: read = () => undefined,
}: ProcessesOptions): Processes {
  const { id, host, pid, version, startedAt } = member?.identity ?? {
    ...{ id: randomUUID(), host: hostname(), pid: process.pid, version: packageVersion(), startedAt: now() },
  }
  let isStopping = false

  const told = (): Told => {
    const { worker = 'running', leads = true, liveRuns, activitiesRunning } = health()
    const configuration = read()
    return {
      ...{ stopping: isStopping, works: worker === 'running', leads, liveRuns, activitiesRunning },
      ...(configuration !== undefined && { configuration }),
    }
  }
  const own = (): ProcessInfo => {
    const { stopping, ...rest } = told()
    return {
      ...{ id, host, pid, role, version, startedAt, seenAt: now(), ...rest },
      ...{ state: stopping ? 'stopping' : 'alive', self: true },
    }
  }
  // While the database is away nobody hears of it; the next sign of life tells.
  const tell = () => void member?.tell().catch(() => {})
  member?.report(part, told)
  tell()

  return {
    async list() {
      if (!member) return [own()]
      const others = (await member.all()).filter((each) => each.id !== id).slice(0, most - 1)
      return [own(), ...others.map(other)].sort((one, another) => another.startedAt - one.startedAt)
    },
    stopping() {
      isStopping = true
      tell()
    },
  }
}

/** What a process tells of itself, beside what never changes. */
interface Told {
  readonly stopping: boolean
  readonly works: boolean
  readonly leads: boolean
  readonly liveRuns: number
  readonly activitiesRunning: number
  readonly configuration?: string
}

/** Whether some that live have read other files than others, as they may while a change is under way. */
export function configurationsDiffer(processes: readonly ProcessInfo[]): boolean {
  const alive = processes.filter(({ state }) => state === 'alive')
  return new Set(alive.flatMap(({ configuration }) => configuration ?? [])).size > 1
}

/** One that is just being opened, or has died. */
const nothing: Told = { stopping: false, works: false, leads: false, liveRuns: 0, activitiesRunning: 0 }

function other({ id, host, pid, role, version, startedAt, seenAt, lives, report }: KnownMember): ProcessInfo {
  const { stopping, ...told } = (lives && (report[part] as Told | undefined)) || nothing
  return {
    ...{ id, host, pid, role: role as Settings['role'], version, startedAt, seenAt, ...told },
    state: lives ? (stopping ? 'stopping' : 'alive') : 'gone',
    self: false,
  }
}
