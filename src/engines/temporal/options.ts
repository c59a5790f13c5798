import type { Database } from '../../database/index.ts'
import type { Member } from '../../members/index.ts'
import type { RunStart } from '../../workflow/index.ts'
import type { ActivityRunner, Engine, SecretStore } from '../engine.ts'
import type { Log } from '../run/host.ts'
import type { EngineHealth, Gatekeeper } from '../embedded/index.ts'
import { defaultEngineSettings, type EngineSettings } from '../records/settings.ts'

export interface TemporalEngineOptions {
  /** Shared by all processes of the installation. Whoever opened it closes it, after the engine. */
  readonly database: Database
  /** This process among those of the installation; whoever made it has it leave. Default: it joins them by itself. */
  readonly member?: Member
  readonly activities: ActivityRunner
  /** Default: there are no secrets. */
  readonly secrets?: SecretStore
  /** Default: what is postponed looks by itself now and then, whatever its gate. */
  readonly gatekeeper?: Gatekeeper
  readonly server: TemporalServerSettings
  /** 32 bytes, the same in all processes: all that Temporal is given is encrypted with it. */
  readonly key: Uint8Array
  /**
   * `api` accepts, starts and commands; `worker` carries runs out; `all` does both. Schedules and events are dealt with
   * by one of those that are not `api`, whichever it is.
   */
  readonly role?: 'api' | 'worker' | 'all'
  /** The bundle of what runs in the sandbox, as JavaScript. Default: the one that was built with this version. */
  readonly bundle?: string
  /** Runs stay with the build of the worker that began them, where the server can do that. Default: yes. */
  readonly pins?: boolean
  readonly runtime?: RunStart['runtime']
  readonly settings?: Partial<TemporalSettings>
  readonly log?: Log
}

export interface TemporalServerSettings {
  /** Host and port of the frontend. */
  readonly address: string
  readonly namespace: string
  readonly taskQueue: string
  /** Default: none, for a server on the same machine or network. */
  readonly tls?: {
    readonly serverRootCACertificate?: Buffer
    readonly clientCert?: Buffer
    readonly clientKey?: Buffer
  }
  readonly apiKey?: string
}

/** How the engine behaves, beside what all engines have. Times in milliseconds. */
export interface TemporalSettings extends EngineSettings {
  /** Most bytes of one payload in Temporal's history; more lies in the database. */
  readonly maxPayloadBytes: number
  /** Runs kept ready in this process between their steps; others are replayed when they go on. */
  readonly cachedRuns: number
  /**
   * For how long an activity goes on with the effects of a run after its first, where they come one after the other, and a
   * run with its first ones when it is taken up, at most a second; 0: each effect is an activity by itself.
   */
  readonly aheadMs: number
  /** Events of a workflow's history from which on its run begins anew, from the records, as soon as nothing is under way. */
  readonly longHistory: number
  /** After a build has lost its last worker: until its runs are set going on another one. */
  readonly movesAfter: number
  /** How often runs are looked for whose workflow has ended before they have. */
  readonly findsLostEvery: number
}

export const defaultTemporalSettings: TemporalSettings = {
  ...defaultEngineSettings,
  maxPayloadBytes: 64_000,
  cachedRuns: 500,
  aheadMs: 2000,
  longHistory: 20_000,
  movesAfter: 10_000,
  findsLostEvery: 60_000,
}

export interface TemporalEngine extends Engine {
  health(): TemporalHealth
}

export interface TemporalHealth extends EngineHealth {
  /** Whether this process carries runs out, and its connection to Temporal stands. */
  readonly worker: 'none' | 'running' | 'stopped' | 'failed'
  /** Whether this process deals with schedules and events for all. */
  readonly leads: boolean
}
