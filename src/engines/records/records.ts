import type { Database } from '../../database/index.ts'
import type { RunStart } from '../../workflow/index.ts'
import type { SecretStore } from '../engine.ts'
import type { Log } from '../run/host.ts'
import type { RunRow } from '../run/run-row.ts'
import type { Unit } from '../run/unit.ts'
import type { Clock } from './clock.ts'
import type { Definitions, Pinned } from './definitions.ts'
import type { NewRun } from './new-run.ts'
import type { Pauses } from './pauses.ts'
import type { RunRecords } from './run-records.ts'
import type { Schedules } from './schedules.ts'
import type { EngineSettings } from './settings.ts'
import type { Timers } from './timers.ts'

/** What every engine has that keeps its records in the database: the parts that do not care where runs are carried out. */
export interface Records {
  readonly database: Database
  readonly settings: EngineSettings
  readonly clock: Clock
  readonly log: Log
  readonly runtime: RunStart['runtime']
  readonly secrets: SecretStore
  readonly timers: Timers
  readonly commits: Commits
  readonly definitions: Definitions
  readonly records: RunRecords
  readonly pauses: Pauses
  readonly schedules: Schedules
  readonly runs: { create(definition: Pinned, spec: NewRun): Promise<RunRow> }
}

export interface Commits {
  /** Events from here on are yet to come. */
  readonly nextEvent: number
  add(unit: Unit): void
  /** Adds a unit that somebody waits for. */
  write(unit: Omit<Unit, 'durable' | 'refused'>): Promise<void>
}
