import type { Database } from '../../database/index.ts'
import type { DurableContext, Json, RunStart, Scope } from '../../workflow/index.ts'
import type { ActivityRunner, Engine, SecretStore } from '../engine.ts'
import type { Clock } from './clock.ts'
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
  /** One line of a log: never a secret. Default: nothing is logged. */
  readonly log?: Log
  /** Runs a definition; tests give their own. Default: the interpreter of `workflow/`. */
  readonly interpret?: Interpret
}

export type Log = (level: 'info' | 'warn' | 'error', message: string, data?: { [key: string]: Json }) => void

export type Interpret = (run: RunStart, context: DurableContext, scope: Scope) => Promise<Json>

export interface EmbeddedEngine extends Engine {
  health(): EngineHealth
}

export interface EngineHealth {
  /** False while the database refuses to write: runs stand still, nothing is lost. */
  writable: boolean
  /** Runs in memory; runs that are parked or suspended on disk are not counted. */
  liveRuns: number
  activitiesRunning: number
  activitiesWaiting: number
}
