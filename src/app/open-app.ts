import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createActivityRunner } from '../activities/index.ts'
import { openSecrets, packageVersion, type Log, type Settings } from '../config/index.ts'
import { openDatabase } from '../database/index.ts'
import { openEmbeddedEngine, type ActivityRunner, type Clock, type EmbeddedEngine } from '../engines/index.ts'
import { SluseError } from '../errors.ts'
import { openHistory, type History } from '../history/index.ts'
import { openInbox, type Inbox } from './inbox.ts'
import { openPipelines, type Pipelines } from './pipelines.ts'

/** A running installation: everything open, nothing listening yet. */
export interface App {
  readonly settings: Settings
  readonly log: Log
  readonly engine: EmbeddedEngine
  readonly history: History
  readonly inbox: Inbox
  readonly pipelines: Pipelines
  /** Takes no new work, lets what is under way come to rest within `graceMs`, and closes everything. */
  close(graceMs?: number): Promise<void>
}

export interface AppOptions {
  readonly settings: Settings
  readonly log: Log
  /** A JSON file of secrets that comes before environment and folder. */
  readonly secretsFile?: string | undefined
  readonly environment?: { readonly [name: string]: string | undefined }
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
    const activities = createActivityRunner({
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
      },
      ...(options.clock && { clock: options.clock }),
      log,
    })
    let graceMs: number | undefined
    closers.push(() => engine.close(graceMs))
    return {
      settings,
      log,
      engine,
      history: openHistory(database),
      inbox: openInbox(database),
      pipelines: openPipelines(settings.project, engine, database),
      close: (grace) => {
        graceMs = grace
        return close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function httpSettings(settings: Settings) {
  const { httpAllowedHosts, httpDeniedHosts, httpAuthoritiesFile } = settings
  return {
    totalTimeoutMs: settings.httpTimeout,
    maxResponseBytes: settings.httpMaxResponseBytes,
    denyPrivateAddresses: settings.httpDenyPrivateAddresses,
    ...(httpAllowedHosts && { allowedHosts: httpAllowedHosts }),
    ...(httpDeniedHosts && { deniedHosts: httpDeniedHosts }),
    ...(httpAuthoritiesFile && { trustedAuthorities: [await readAuthorities(httpAuthoritiesFile)] }),
  }
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(join(file), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new SluseError('SLUSE-SETTING', `httpAuthoritiesFile: ${file} cannot be read (${code}).`)
  }
}
