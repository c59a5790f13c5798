import type { Database } from '../../database/index.ts'
import type { ActivityRunner, SecretStore } from '../engine.ts'
import type { RunStart } from '../../workflow/index.ts'
import type { Children } from './children.ts'
import type { Clock } from '../records/clock.ts'
import type { Definitions } from '../records/definitions.ts'
import type { Detached } from './detached.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Gates } from './gates.ts'
import type { GroupCommit } from '../records/group-commit.ts'
import type { Inbox } from '../records/inbox.ts'
import type { Limiter } from '../records/limiter.ts'
import type { Gatekeeper } from './options.ts'
import type { Interpret, Log, Standing } from '../run/host.ts'
import type { Parking } from './parking.ts'
import type { Pauses } from '../records/pauses.ts'
import type { RunRecords } from '../records/run-records.ts'
import type { Runs } from './runs.ts'
import type { Schedules } from '../records/schedules.ts'
import type { EmbeddedSettings } from './settings.ts'
import type { Timers } from '../records/timers.ts'
import type { Turns } from '../records/turns.ts'
import type { Watchdog } from './watchdog.ts'

/** The parts of one engine, which know each other through this. Made in `open.ts`. */
export interface Core {
  readonly database: Database
  readonly settings: EmbeddedSettings
  readonly clock: Clock
  readonly log: Log
  readonly runtime: RunStart['runtime']
  readonly interpret: Interpret
  readonly activities: ActivityRunner
  readonly secrets: SecretStore
  readonly gatekeeper: Gatekeeper | undefined
  readonly standing: Standing
  derivedId(runId: string, name: string): string

  readonly commits: GroupCommit
  readonly turns: Turns
  readonly timers: Timers
  readonly limiter: Limiter
  readonly definitions: Definitions
  readonly pauses: Pauses
  readonly records: RunRecords
  readonly runs: Runs
  readonly parking: Parking
  readonly gates: Gates
  readonly inbox: Inbox
  readonly dispatcher: Dispatcher
  readonly children: Children
  readonly detached: Detached
  readonly schedules: Schedules
  readonly watchdog: Watchdog
}
