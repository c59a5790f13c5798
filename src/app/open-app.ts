import { classifyHttp, createActivityRunner } from '../activities/index.ts'
import { openSecrets, packageVersion, type Log, type Settings } from '../config/index.ts'
import { openDatabase } from '../database/index.ts'
import {
  openEmbeddedEngine,
  type ActivityRunner,
  type Clock,
  type EmbeddedEngine,
  type EmbeddedSettings,
} from '../engines/index.ts'
import { openHistory, type History } from '../history/index.ts'
import { readPolicies } from '../project/index.ts'
import { Guard } from '../resilience/index.ts'
import { httpSettings } from './http-settings.ts'
import { openInbox, type Inbox } from './inbox.ts'
import { openPipelines, type Pipelines } from './pipelines.ts'
import { openWaits, type Waits } from './waits.ts'

/** A running installation: everything open, nothing listening yet. */
export interface App {
  readonly settings: Settings
  readonly log: Log
  readonly engine: EmbeddedEngine
  readonly history: History
  readonly inbox: Inbox
  readonly waits: Waits
  readonly pipelines: Pipelines
  /** Takes no new work and lets what is under way come to rest within `graceMs`; reading goes on. */
  stop(graceMs: number): Promise<void>
  /** Stops at once, if it is not stopped yet, and closes everything. */
  close(): Promise<void>
}

export interface AppOptions {
  readonly settings: Settings
  readonly log: Log
  /** A JSON file of secrets that comes before environment and folder. */
  readonly secretsFile?: string | undefined
  readonly environment?: { readonly [name: string]: string | undefined }
  /** How the engine behaves, beyond what is a setting. */
  readonly engine?: Partial<EmbeddedSettings>
  /** Tests give their own. */
  readonly clock?: Clock
  /** Stands between the engine and the activities: tests answer calls in their stead. */
  readonly activities?: (real: ActivityRunner) => ActivityRunner
}

/** Opens the data folder and everything on it. Errors carry a code of `errors.ts`; what was opened is closed again. */
export async function openApp(options: AppOptions): Promise<App> {
  const { settings, log, environment = process.env } = options
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each()
  }
  try {
    const secrets = await openSecrets({
      file: options.secretsFile,
      environment,
      folder: settings.secretsDir,
    })
    const guard = await openGuard(settings.project, options.clock)
    const activities = createActivityRunner({
      ...(guard && { guard }),
      projectFolder: settings.project,
      dataFolder: settings.data,
      http: await httpSettings(settings),
      log,
    })
    closers.push(() => activities.close())
    const database = await openDatabase({ folder: settings.data })
    closers.push(() => database.close())
    const engine = await openEmbeddedEngine({
      database,
      activities: options.activities?.(activities) ?? activities,
      secrets: secrets as Parameters<typeof openEmbeddedEngine>[0]['secrets'] & object,
      runtime: { name: 'sluse', version: packageVersion(), metadata: {} },
      settings: {
        activityConcurrency: settings.activityConcurrency,
        maxResultBytes: settings.maxResultBytes,
        maxChildDepth: settings.maxChildDepth,
        maxMissedRuns: settings.maxMissedRuns,
        earlyEvents: settings.earlyEvents,
        inboxRetention: settings.inboxRetention,
        runRetentionDays: settings.runRetentionDays,
        ...options.engine,
      },
      ...(options.clock && { clock: options.clock }),
      log,
    })
    let stopped: Promise<void> | undefined
    const stop = (graceMs: number) => (stopped ??= engine.close(graceMs))
    closers.push(() => stop(0))
    return {
      settings,
      log,
      engine,
      history: openHistory(database),
      inbox: openInbox(database),
      waits: openWaits(database),
      pipelines: openPipelines(settings.project, engine, database),
      stop,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What waits longer than this for a target is parked on disk instead. */
const longestWaitMs = 5000

/** A project without policies has none: then a call is made once, and the pipeline decides. */
async function openGuard(folder: string | undefined, clock: Clock | undefined): Promise<Guard | undefined> {
  const policies = folder === undefined ? [] : await readPolicies(folder)
  if (policies.length === 0) return undefined
  return new Guard({
    policies,
    limitsOf: () => ({}),
    classify: classifyHttp,
    clock: () => clock?.now() ?? Date.now(),
    random: Math.random,
    longestWaitMs,
  })
}
