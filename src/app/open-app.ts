import type { Access } from '../access/index.ts'
import { createActivityRunner } from '../activities/index.ts'
import { openSecrets, type Log, type Settings } from '../config/index.ts'
import { openDatabase, type Database } from '../database/index.ts'
import {
  systemClock,
  type ActivityRunner,
  type Clock,
  type EmbeddedSettings,
  type SecretStore,
} from '../engines/index.ts'
import type { Connections } from '../connectors/index.ts'
import type { Functions } from '../functions/index.ts'
import type { Guard } from '../resilience/index.ts'
import { endingWithRuns } from './end-functions.ts'
import {
  openAuditLog,
  openHistory,
  openRunLogs,
  type AuditLog,
  type History,
  type RunLogs,
} from '../history/index.ts'
import type { Approvals } from '../approvals/index.ts'
import { accessBy } from './access-settings.ts'
import { keepAnchors } from './audit-anchors.ts'
import { httpSettings } from './http-settings.ts'
import { approvalsBy } from './open-approvals.ts'
import { checkEngine, openEngine, type AppEngine } from './open-engine.ts'
import { openGuard, openSharing } from './open-guard.ts'
import { checkPlaceOfDatasets } from './datasets-place.ts'
import { openDatasets } from './open-datasets.ts'
import { openInbox, type Inbox } from './inbox.ts'
import { openOverview, type Overview } from './overview.ts'
import { openPipelines, type Pipelines } from './pipelines.ts'
import { configurationOf } from './configuration.ts'
import { joinOthers, openProcesses, type Processes } from './processes.ts'
import { openProjectConnections } from './project-connections.ts'
import { sharingOf } from './share-transfers.ts'
import { openResources } from './resources-in-use.ts'
import { openTransfers, type Transfers } from '../transfer/index.ts'
import { functionsBy, projectOptions } from './supported.ts'
import { openTargets, type Targets } from './targets.ts'
import { openWaits, type Waits } from './waits.ts'

/** A running installation: everything open, nothing listening yet. */
export interface App {
  readonly settings: Settings
  readonly log: Log
  readonly engine: AppEngine
  readonly history: History
  readonly runLogs: RunLogs
  readonly inbox: Inbox
  readonly waits: Waits
  readonly overview: Overview
  readonly pipelines: Pipelines
  readonly guard: Guard
  readonly functions: Functions
  readonly access: Access
  readonly approvals: Approvals
  readonly audit: AuditLog
  /** The time as the installation has it: milliseconds since 1970, UTC. */
  readonly now: () => number
  /** For what reads and writes by itself, such as verifying the audit log. */
  readonly database: Database
  readonly connections: Connections
  readonly transfers: Transfers
  readonly targets: Targets
  readonly processes: Processes
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
  /** Whoever is at this machine writes pipelines: nobody has to sign in. */
  readonly dev?: boolean
  /** Where functions lie that lie elsewhere now (absolute), by `name:version`. */
  readonly functionFolders?: ReadonlyMap<string, string>
  /** Tests give their own. */
  readonly clock?: Clock
  /** Stands between the engine and the activities: tests answer calls in their stead. */
  readonly activities?: (real: ActivityRunner) => ActivityRunner
}

/** Opens the data folder and everything on it. Errors carry a code of `errors.ts`; what was opened is closed again. */
export async function openApp(options: AppOptions): Promise<App> {
  const { settings, environment = process.env } = options
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
    const { data: folder, maxDataBytes: maxBytes, databaseUrl: url } = settings
    checkEngine(settings)
    const database = await openDatabase({
      folder,
      url,
      exclusive: settings.engine === 'embedded',
      log: options.log,
      ...(maxBytes !== undefined && { maxBytes }),
    })
    closers.push(() => database.close())
    const member = settings.engine === 'temporal' ? await joinOthers(settings, database) : undefined
    closers.push(async () => member?.leave())
    const sharing = member && (await openSharing(database, member, options.log))
    closers.push(async () => sharing?.close())
    const guard = await openGuard(settings.project, options.log, { clock: options.clock, sharing })
    const now = () => options.clock?.now() ?? Date.now()
    const runLogs = openRunLogs(database, now)
    closers.push(() => runLogs.close())
    const log: Log = (level, message, data) => {
      options.log(level, message, data)
      runLogs.take(level, message, data)
    }
    const activities = createActivityRunner({
      guard,
      projectFolder: settings.project,
      dataFolder: settings.data,
      http: await httpSettings(settings),
      functions: functionsBy(settings),
      ...(options.functionFolders && { functionFolders: options.functionFolders }),
      log,
    })
    closers.push(() => activities.close())
    const opened: { engine?: AppEngine; pipelines?: Pipelines } = {}
    let approvalsAreOpen: (approvals: Approvals) => void = () => {}
    const whenOpen = new Promise<Approvals>((resolve) => (approvalsAreOpen = resolve))
    const secret = async (name: string) => (await secrets([name]))[name]
    const audit = openAuditLog(database, now)
    const access = await accessBy(settings, {
      database,
      audit,
      now,
      log,
      secret,
      guard,
      dev: options.dev ?? false,
    })
    const anchors = keepAnchors(database, settings.data, log)
    closers.push(() => anchors.close())
    const project = await openProjectConnections({ settings, secrets, environment, guard, log })
    closers.push(() => project.close())
    await checkPlaceOfDatasets(database, settings)
    const datasets = await openDatasets(settings, { database, guard, environment, now })
    closers.push(() => datasets.close())
    const transfers = openTransfers({
      database,
      datasets,
      dataFolder: settings.data,
      connections: project.connections,
      functions: activities.functions,
      publish: async (event) => void (await opened.engine?.publish([event])),
      log,
      ...(member && { sharing: sharingOf(settings, database, member, secrets as SecretStore) }),
    })
    const ours: ActivityRunner = async (request) => {
      if (request.kind === 'transfer') return transfers.perform(request)
      return request.kind === 'approval' ? (await whenOpen).activity(request) : activities(request)
    }
    const running = endingWithRuns(
      Object.assign(ours, { functions: activities.functions }),
      () => opened.engine,
    )
    const targets = await openTargets(database, guard, { log, now })
    closers.push(async () => targets.close())
    const engine = await openEngine(settings, {
      database,
      member,
      guard,
      activities: options.activities?.(running) ?? running,
      secrets: secrets as SecretStore,
      log,
      clock: options.clock,
      engine: options.engine,
    })
    opened.engine = engine
    closers.push(() => engine.close(0))
    const processes = openProcesses({
      ...{ member, role: settings.role, health: () => engine.health(), now },
      configuration: () => opened.pipelines && configurationOf(opened.pipelines.project),
    })
    const clock = options.clock ?? systemClock
    const approvals = await approvalsBy({
      settings,
      database,
      audit,
      access,
      engine,
      clock,
      log,
      secret,
      guard,
    })
    approvalsAreOpen(approvals)
    await transfers.start()
    let stopped: Promise<void> | undefined
    const stop = (graceMs: number) => {
      // Whoever waits for a target has nothing under way: the next start takes it up.
      guard.stop()
      processes.stopping()
      return (stopped ??= Promise.all([approvals.close(), transfers.close()]).then(() =>
        engine.close(graceMs),
      ))
    }
    closers.push(() => stop(0))
    const pipelines = openPipelines(
      settings.project,
      projectOptions(settings),
      engine,
      database,
      audit,
      openResources({ guard, connections: project, audit, log }),
    )
    opened.pipelines = pipelines
    const unfollow = settings.engine === 'temporal' ? pipelines.follow() : () => {}
    closers.push(async () => unfollow())
    return {
      settings,
      log,
      engine,
      history: openHistory(database),
      runLogs,
      inbox: openInbox(database),
      waits: openWaits(database),
      overview: openOverview(database),
      pipelines,
      guard,
      functions: activities.functions,
      access,
      approvals,
      audit,
      now,
      database,
      connections: project.connections,
      transfers,
      targets,
      processes,
      stop,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
