import type { DataConverter } from '@temporalio/common'
import type { NativeConnection, Worker, WorkerDeploymentOptions, WorkerOptions } from '@temporalio/worker'
import { deploymentOf } from './builds.ts'
import type { Log } from '../run/host.ts'
import type { Cluster } from './cluster.ts'
import { effectActivities } from './effect-activities.ts'
import type { Libraries } from './libraries.ts'
import type { TemporalServerSettings } from './options.ts'
import { recordActivities } from './record-activities.ts'

interface Workers {
  /** What any process may do. */
  readonly all: Worker
  /** What only this process can. */
  readonly own: Worker
}

/** Carries runs out in this process, until it is closed or has failed. */
export class RunWorker {
  readonly #connection: NativeConnection
  readonly #workers: Workers
  /** Resolve when they have ended, however. */
  readonly #ended: { readonly all: Promise<void>; readonly own: Promise<void> }
  readonly #core: Cluster
  /** Resolves when it has ended, however: `state` says how. */
  readonly ended: Promise<void>
  state: 'running' | 'stopped' | 'failed' = 'running'

  static async open(
    core: Cluster,
    server: TemporalServerSettings,
    dataConverter: DataConverter,
    bundle: string,
  ): Promise<RunWorker> {
    const { worker } = core.libraries
    setUpRuntime(core)
    const { address, namespace, taskQueue, tls, apiKey } = server
    const connection = await worker.NativeConnection.connect({
      address,
      ...(tls && { tls: tlsOf(tls) }),
      ...(apiKey !== undefined && { apiKey }),
    })
    const { activityConcurrency, cachedRuns } = core.settings
    const { build } = core
    const made: Worker[] = []
    const make = async (options: WorkerOptions) => {
      const one = await worker.Worker.create({
        connection,
        namespace,
        dataConverter,
        ...heartbeats,
        ...options,
      })
      made.push(one)
      return one
    }
    try {
      if (build !== undefined) await core.member.can({ carriesOut: { build, taskQueue } })
      const own = await make({
        taskQueue: core.unfinished.queue,
        activities: { endUnfinished: effectActivities(core).endUnfinished },
        // Those that have ended and are not asked for yet come beside those that are under way.
        maxConcurrentActivityTaskExecutions: 2 * activityConcurrency,
        maxConcurrentActivityTaskPolls: 2,
      })
      const all = await make({
        taskQueue,
        workflowBundle: { code: bundle },
        activities: { ...recordActivities(core), ...effectActivities(core) },
        ...(build !== undefined && { workerDeploymentOptions: pinnedTo(taskQueue, build) }),
        // A history that does not replay here is given up: whoever leads sets the run going again from the records.
        workflowFailureErrorTypes: { '*': ['NondeterminismError'] },
        maxConcurrentActivityTaskExecutions: activityConcurrency,
        // A run that sets out keeps its task of the workflow for a second.
        maxConcurrentWorkflowTaskExecutions: activityConcurrency + 40,
        maxConcurrentLocalActivityExecutions: activityConcurrency + 140,
        maxCachedWorkflows: cachedRuns,
        stickyQueueScheduleToStartTimeout: 3000,
      })
      return new RunWorker(core, connection, { all, own })
    } catch (error) {
      await carriesOutNothing(core)
      // One that never ran holds on to its connection.
      await Promise.all(made.map(endUnused))
      await connection.close()
      throw error
    }
  }

  constructor(core: Cluster, connection: NativeConnection, workers: Workers) {
    this.#core = core
    this.#connection = connection
    this.#workers = workers
    const [all, own] = [workers.all.run(), workers.own.run()]
    const settled = (ended: Promise<void>) => ended.catch(() => {})
    this.#ended = { all: settled(all), own: settled(own) }
    this.ended = Promise.all([all, own]).then(
      () => void (this.state = 'stopped'),
      (error: unknown) => {
        this.state = 'failed'
        void carriesOutNothing(core)
        core.log('error', 'The worker has ended: no runs are carried out in this process.', {
          error: String(error),
        })
      },
    )
  }

  /** Runs between whose steps nothing need be replayed here. */
  get runsInMemory(): number {
    return this.#workers.all.getStatus().numCachedWorkflows
  }

  /** Takes nothing new, and waits for what is under way: until that has ended, or is given up. */
  async close(): Promise<void> {
    const { ending, unfinished } = this.#core
    const { all, own } = this.#workers
    stop(all)
    if (ending.begun) {
      await Promise.race([this.#ended.all, ending.late])
      // Whoever waits for what is under way here asks on the queue of this process.
      await unfinished.asked(ending.signal)
    }
    stop(own)
    // One that failed is not waited for: another is to take its place.
    const patience = ending.begun ? ending.late : aMoment()
    await Promise.race([Promise.all([this.#ended.all, this.#ended.own]), patience])
    await carriesOutNothing(this.#core)
    // Where a worker has not ended it still holds its connection; the process takes both away.
    await this.#connection.close().catch(() => {})
  }
}

/** Where the others cannot be told now, the next sign of life does. */
async function carriesOutNothing({ build, member }: Cluster): Promise<void> {
  if (build !== undefined) await member.can({ carriesOut: undefined }).catch(() => {})
}

function stop(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown()
}

async function endUnused(worker: Worker): Promise<void> {
  const ended = worker.run().catch(() => {})
  stop(worker)
  await ended
}

const aMoment = () => new Promise<void>((resolve) => setTimeout(resolve, 1000))

const heartbeats = {
  maxHeartbeatThrottleInterval: 1000,
  defaultHeartbeatThrottleInterval: 1000,
  // How long what is under way may take, and when it is given up, `ending.ts` says.
  shutdownGraceTime: 86_400_000,
}

/** What runs have begun on these workers, they alone go on with. */
function pinnedTo(taskQueue: string, buildId: string): WorkerDeploymentOptions {
  const version = { deploymentName: deploymentOf(taskQueue), buildId }
  return { useWorkerVersioning: true, version, defaultVersioningBehavior: 'PINNED' }
}

export function tlsOf({
  serverRootCACertificate,
  clientCert,
  clientKey,
}: NonNullable<TemporalServerSettings['tls']>) {
  return {
    ...(serverRootCACertificate && { serverRootCACertificate }),
    ...(clientCert && clientKey && { clientCertPair: { crt: clientCert, key: clientKey } }),
  }
}

let installed = false

/**
 * The libraries log by themselves: what is a warning or worse comes into our log. And they end all workers when the process
 * is told to end, which is ours to do, one after the other. Once for a process.
 */
export function setUpRuntime({
  libraries: { common, worker },
  log,
}: {
  readonly libraries: Pick<Libraries, 'common' | 'worker'>
  readonly log: Log
}): void {
  if (installed) return
  installed = true
  const logger = new worker.DefaultLogger('WARN', ({ level, message, meta }) => {
    // Many times a second while the server is away, which `Reach` tells once.
    if (/^gRPC call \w+ retried \d+ times/.test(message)) return
    // The worker of what only this process can do has none, and is to have none.
    if (message.startsWith('No workflows registered')) return
    const { error, detail, workflowId } = (meta ?? {}) as { [name: string]: unknown }
    const said = Object.entries({ run: workflowId, detail, error }).filter(([, value]) => value !== undefined)
    const told = Object.fromEntries(said.map(([name, value]) => [name, String(value)]))
    log(level === 'ERROR' ? 'error' : 'warn', `Temporal: ${message}`, told)
  })
  try {
    const telemetryOptions = { logging: { filter: 'ERROR', forward: {} } }
    worker.Runtime.install({ logger, telemetryOptions, shutdownSignals: [] })
  } catch (error) {
    // Somebody else in this process uses them, too, and has said how they log.
    if (!(error instanceof common.IllegalStateError)) throw error
  }
}
