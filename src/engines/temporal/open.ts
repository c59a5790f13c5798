import { setMaxListeners } from 'node:events'
import type { Client } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import { hasCode, SluseError } from '../../errors.ts'
import { commitIf, type Statement } from '../../database/index.ts'
import { databaseMembers, Member } from '../../members/index.ts'
import { systemClock } from '../records/clock.ts'
import { Definitions } from '../records/definitions.ts'
import { GroupCommit } from '../records/group-commit.ts'
import { Inbox } from '../records/inbox.ts'
import { Limiter } from '../records/limiter.ts'
import { Pauses } from '../records/pauses.ts'
import { planRerun } from '../records/rerun.ts'
import { RunRecords } from '../records/run-records.ts'
import { Schedules } from '../records/schedules.ts'
import { Starts } from '../records/starts.ts'
import { Timers } from '../records/timers.ts'
import { UnfinishedEffects } from './ahead/unfinished.ts'
import { buildOf } from './builds.ts'
import { builtBundle } from './bundle.ts'
import type { Cluster } from './cluster.ts'
import { carryOut } from './commands.ts'
import { connectionTo, knock } from './connect.ts'
import { ClusterRuns } from './cluster-runs.ts'
import { codecWith } from './codec.ts'
import { Ending } from './ending.ts'
import { KeptWorker } from './kept-worker.ts'
import { Leader } from './leader.ts'
import { libraries, type Libraries } from './libraries.ts'
import { defaultTemporalSettings, type TemporalEngine, type TemporalEngineOptions } from './options.ts'
import { payloadStore } from './payload-store.ts'
import type { Command } from './protocol.ts'
import { pinsRuns } from './upgrades.ts'
import { SearchAttributes } from './search-attributes.ts'
import { Reach } from './reach.ts'
import { resumed } from './resumed.ts'
import { UnderWay } from './under-way.ts'
import { RunWorker } from './worker.ts'

/**
 * Opens the engine of this process on the installation's database and Temporal server. Any number of processes may be
 * open at a time. Where the Temporal server is not there, what is asked is accepted and durable, and goes on when it comes.
 * Throws `SLUSE-TEMPORAL-UNREACHABLE` where only other settings would let it be reached.
 */
export async function openTemporalEngine(options: TemporalEngineOptions): Promise<TemporalEngine> {
  const { database, server, role = 'all' } = options
  const loaded = await libraries()
  const settings = { ...defaultTemporalSettings, ...options.settings }
  const dataConverter: DataConverter = {
    payloadCodecs: [codecWith(options.key)],
    externalStorage: new loaded.common.ExternalStorage({
      drivers: [payloadStore(database, loaded, () => Date.now())],
      payloadSizeThreshold: settings.maxPayloadBytes,
    }),
  }
  const away = await knock(loaded, server)
  const connection = loaded.client.Connection.lazy(connectionTo(loaded, server))
  const client = new loaded.client.Client({ connection, namespace: server.namespace, dataConverter })
  const probe = loaded.client.Connection.lazy({ ...connectionTo(loaded, server), interceptors: [] })
  const closed = new AbortController()
  // Every question that is under way listens.
  setMaxListeners(0, closed.signal)
  const version = options.runtime?.version ?? ''
  const member = options.member ?? (await Member.join({ store: databaseMembers(database), role, version }))
  const leave = async () => {
    if (!options.member) await member.leave()
  }
  const core = assemble({ ...options, member }, loaded, client, closed.signal)
  const leader = new Leader(core)
  core.notify = () => leader.notify()
  const reach = new Reach({
    ...{ core, connection: probe, namespace: server.namespace, away },
    why: async () => knock(loaded, server).catch((error: unknown) => (error as SluseError).detail),
    found: () => {
      void core.searchAttributes.open()
      leader.notify()
    },
  })
  core.temporalIsThere = () => reach.temporal
  const starts = new Starts(core)
  let worker: KeptWorker | undefined
  let closing: Promise<void> | undefined
  try {
    await core.definitions.open()
    await core.pauses.open()
    if (reach.temporal) await core.searchAttributes.open()
    reach.open()
    if (role !== 'api') {
      const bundle = options.bundle ?? (await builtBundle())
      const open = async () => {
        if (options.pins ?? true) await pin(core, bundle)
        return RunWorker.open(core, server, dataConverter, bundle)
      }
      worker = await KeptWorker.open({ open, log: core.log, there: () => reach.temporal })
      core.underWay.open()
      leader.open()
    }
  } catch (error) {
    await Promise.all([client.connection.close(), reach.close(), leave()])
    throw error
  }

  const assertOpen = () => {
    if (closing) throw new SluseError('SLUSE-CLOSING')
  }
  /** What other processes have deployed and disabled meanwhile. */
  const refresh = async () => {
    assertOpen()
    await Promise.all([core.definitions.open(), core.pauses.open(), core.commits.learn()])
  }
  /** Schedules are changed here and carried out by whoever leads. */
  const deploying = async (change: (starts: Starts) => Promise<void>) => {
    for (let attempt = 1; ; attempt++) {
      await refresh()
      const schedules = new Schedules(() => core)
      await schedules.load()
      schedules.stop()
      try {
        await change(new Starts({ ...core, schedules }))
        return leader.notify()
      } catch (error) {
        // Another process has deployed at the same time: what it did is known when it is tried again.
        if (!hasCode(error, 'SLUSE-STORE') || attempt === mostTries) throw error
      }
    }
  }
  const command = async (id: string, kind: Command['kind'], by = '', record: readonly Statement[] = []) => {
    assertOpen()
    await carryOut(core, id, { kind, record })
    core.log('info', `A run was ${done[kind]}.`, { run: id, by })
  }

  return {
    recordsAtOnce: true,
    deploy: (all, record) =>
      deploying(async (deployer) => {
        for (const definition of all) await deployer.deploy(definition, record)
      }),
    undeploy: (reference, record) => deploying((deployer) => deployer.undeploy(reference, record)),
    async setEnabled(pipeline, enabled, change) {
      await refresh()
      const from = core.pauses.from(pipeline)
      const record = [
        ...(change?.record ?? []),
        ...(enabled && from !== undefined ? [resumed(pipeline, from)] : []),
      ]
      await core.pauses.set(pipeline, enabled, { ...change, record })
      leader.notify()
    },
    async start(request) {
      await refresh()
      return starts.start(request)
    },
    outcome: (id) => core.runs.outcome(id),
    cancel: (id, by, record) => command(id, 'cancel', by, record),
    suspend: (id, by, record) => command(id, 'suspend', by, record),
    resume: (id, by, record) => command(id, 'resume', by, record),
    async rerun(id, request) {
      await refresh()
      return starts.rerun(await planRerun(core, id, request), request.record)
    },
    async publish(events, record) {
      assertOpen()
      return core.inbox.publish(events, record)
    },
    close(graceMs = 10_000) {
      closing ??= close(core, leader, worker, { graceMs, closed }).finally(() =>
        Promise.all([reach.close(), leave()]),
      )
      return closing
    },
    health: () => ({
      writable: core.commits.writable && reach.database,
      missing: reach.temporal ? (worker?.state === 'failed' ? 'worker' : undefined) : 'temporal',
      why: reach.why,
      worker: worker?.state ?? 'none',
      liveRuns: worker?.runsInMemory ?? 0,
      activitiesRunning: core.limiter.running,
      // Most wait in Temporal, for any worker.
      activitiesWaiting: core.limiter.waiting,
      stuckRuns: leader.stuckRuns,
      runsToMove: leader.runsToMove,
      leads: leader.leads,
    }),
  }
}

/** Of a change that another process may be making as well. */
const mostTries = 10

const done = { cancel: 'cancelled', suspend: 'suspended', resume: 'resumed' } as const

function assemble(
  options: TemporalEngineOptions & { readonly member: Member },
  loaded: Libraries,
  client: Client,
  closed: AbortSignal,
): Cluster {
  const { database, server, member, activities, secrets = async () => ({}) } = options
  const settings = { ...defaultTemporalSettings, ...options.settings }
  const log = options.log ?? (() => {})
  const clock = systemClock
  const commits = new GroupCommit(database, { journal: 0, inbox: 0 }, log, 'database')
  const self = (): Cluster => core
  const claims = (seq: number, run: number) => {
    const sql = 'UPDATE inbox SET consumed = ? WHERE seq = ? AND consumed IN (0, ?)'
    return commitIf(database, [{ sql, parameters: [-run, seq, -run], expect: 1 }])
  }
  const core: Cluster = {
    database,
    settings,
    member,
    clock,
    log,
    runtime: options.runtime ?? { name: 'sluse', version: '', metadata: {} },
    secrets,
    activities,
    client,
    libraries: loaded,
    taskQueue: server.taskQueue,
    ask: (call) => asked(client, closed, call),
    timers: new Timers(clock),
    commits,
    definitions: new Definitions(database),
    records: new RunRecords(database, secrets),
    pauses: new Pauses(self),
    underWay: new UnderWay(self),
    ending: new Ending(),
    limiter: new Limiter(settings.activityConcurrency),
    unfinished: new UnfinishedEffects(database, server.taskQueue),
    gatekeeper: options.gatekeeper,
    schedules: new Schedules(self),
    searchAttributes: new SearchAttributes({ client, log }),
    runs: new ClusterRuns(self),
    inbox: new Inbox(database, commits, clock, settings, () => core.notify(), claims),
    temporalIsThere: () => true,
    notify: () => {},
  }
  return core
}

/** Runs stay with the build that they begin on, where the server can do that. */
async function pin(core: Cluster, bundle: string): Promise<void> {
  if (core.build !== undefined) return
  if (await pinsRuns(core)) core.build = buildOf(core.runtime.version, bundle)
  else
    core.log(
      'warn',
      'Temporal does not pin runs to the version of their workers: it has no Worker Versioning, or does not allow it. Before an upgrade, stop all workers.',
    )
}

async function asked<T>(client: Client, closed: AbortSignal, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withAbortSignal(closed, call)
  } catch (error) {
    if (closed.aborted) return new Promise(() => {})
    throw error
  }
}

async function close(
  core: Cluster,
  leader: Leader,
  worker: KeptWorker | undefined,
  { graceMs, closed }: { graceMs: number; closed: AbortController },
): Promise<void> {
  await leader.stop()
  // Nothing new is taken from here on; what is under way may end, and its result be recorded.
  core.ending.begin(graceMs)
  await worker?.close()
  core.ending.over()
  closed.abort()
  core.underWay.stop()
  core.timers.stop()
  await Promise.race([
    core.commits.drained(),
    new Promise((resolve) => setTimeout(resolve, graceMs + 1000).unref()),
  ])
  core.commits.stop()
  await core.client.connection.close()
}
