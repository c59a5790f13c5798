import type { Database } from '../../database/index.ts'
import type { RunStart } from '../../workflow/index.ts'
import type { Interpret, Log } from '../run/host.ts'
import type { ActivityRunner, Engine, SecretStore } from '../engine.ts'
import type { Clock } from '../records/clock.ts'
import type { EmbeddedSettings } from './settings.ts'

export interface EmbeddedEngineOptions {
  /** Whoever opened it closes it, after the engine. */
  readonly database: Database
  readonly activities: ActivityRunner
  /** Default: there are no secrets. */
  readonly secrets?: SecretStore
  /** What `$runtime` says. Default: `sluse` and no version. */
  readonly runtime?: RunStart['runtime']
  readonly settings?: Partial<EmbeddedSettings>
  readonly clock?: Clock
  /** Default: what is postponed waits for its time, whatever its gate. */
  readonly gatekeeper?: Gatekeeper
  /** One line of a log: never a secret. Default: nothing is logged. */
  readonly log?: Log
  /** Runs a definition; tests give their own. Default: the interpreter of `workflow/`. */
  readonly interpret?: Interpret
}

/** Knows when what was `Postponed` with a gate may go on. */
export interface Gatekeeper {
  /** How many may come now, and when to ask again where that is known (milliseconds since 1970). */
  room(gate: string): { readonly passes: number; readonly askAt?: number }
  /** Calls `listener` with a gate when there may be room that there was not before. */
  onRoom(listener: (gate: string) => void): void
}

export type { Interpret, Log }

export interface EmbeddedEngine extends Engine {
  health(): EngineHealth
}

export interface EngineHealth {
  /** False while the database is away or refuses to write: runs stand still, nothing is lost. */
  writable: boolean
  /** What runs need beside the database, and is not there: Temporal's server, or a worker that has failed. */
  missing?: 'temporal' | 'worker' | undefined
  /** Why Temporal is not there, in a sentence, where that is known. */
  why?: string | undefined
  /** Runs in memory; runs that are parked or suspended on disk are not counted. */
  liveRuns: number
  activitiesRunning: number
  activitiesWaiting: number
  /** Runs that make no progress and that nothing will move. */
  stuckRuns: number
  /** Runs of versions without workers that are yet to be set going again; on whoever leads. */
  runsToMove?: number
  /** Where runs are carried out by several processes: whether this one does. */
  worker?: 'none' | 'running' | 'stopped' | 'failed'
  /** Where there are several: whether this one deals with schedules and events for all. */
  leads?: boolean
}
