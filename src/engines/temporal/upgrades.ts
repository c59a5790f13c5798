import { buildsPresent, deploymentOf, newest } from './builds.ts'
import type { Cluster } from './cluster.ts'
import { grpc, grpcCodeOf } from './grpc.ts'
import { Moves } from './moves.ts'

const tryEvery = 500
/** Until an operator's decision, or a race that was lost, is looked at again. */
const refusedFor = 3000
const moveEvery = 2000
/** Where there was nothing to move. */
const lookAgainAfter = 30_000
const describeEvery = 60_000

/**
 * What whoever leads does for upgrades: has new runs begin on the newest build, and sets runs going again whose build has
 * no workers any more. Nothing of it is kept: who leads next looks again.
 */
export class Upgrades {
  readonly #core: Cluster
  readonly #name: string
  readonly #moves: Moves
  /** Since when builds have been known to have no workers. */
  readonly #goneSince = new Map<string, number>()
  #since: ReadonlyMap<string, number> = new Map()
  #current: string | undefined
  #settled = ''
  #triedAt = -Infinity
  #movedAt = -Infinity
  #movedFor = ''
  #moving = false
  #movingFor: readonly string[] = []
  #refused = false
  #stopped = false

  constructor(core: Cluster) {
    this.#core = core
    this.#name = deploymentOf(core.taskQueue)
    this.#moves = new Moves(core, this.#name)
  }

  async look(): Promise<void> {
    const { member, taskQueue } = this.#core
    const now = Date.now()
    const live = buildsPresent(await member.living(), taskQueue)
    for (const build of live) this.#goneSince.delete(build)
    const gone = [...this.#goneSince].filter(([, at]) => now - at > this.#core.settings.movesAfter)
    const state = JSON.stringify([[...live], gone.map(([build]) => build), Math.floor(now / describeEvery)])
    if (state !== this.#settled && now - this.#triedAt > tryEvery) {
      this.#triedAt = now
      if (await this.#settle(live, now)) this.#settled = state
    }
    // There must be somebody to move to.
    if (!live.has(this.#current ?? '')) return
    const pause = this.#settled === this.#movedFor ? lookAgainAfter : moveEvery
    const builds = gone.map(([build]) => build)
    // Those of a build that has just lost its workers do not wait for a hundred thousand of another.
    if (this.#moving && builds.some((build) => !this.#movingFor.includes(build))) this.#moves.interrupt()
    if (builds.length > 0 && !this.#moving && now - this.#movedAt > pause) void this.#move(builds)
  }

  /** How many runs are still to be set going again. */
  get left(): number {
    return this.#moves.left
  }

  stop(): void {
    this.#stopped = true
    this.#moves.stop()
  }

  /** There may be very many of them: nothing else waits for it. */
  async #move(gone: readonly string[]): Promise<void> {
    const settled = this.#settled
    this.#moving = true
    this.#movingFor = gone
    try {
      this.#movedFor = (await this.#moves.look(gone)) > 0 ? '' : settled
    } catch (error) {
      const { log } = this.#core
      if (!this.#stopped)
        log('warn', 'Runs whose workers have gone cannot be moved; trying again.', { error: String(error) })
    }
    this.#movedAt = Date.now()
    this.#moving = false
  }

  #isGone(build: string, now: number): boolean {
    return now - (this.#goneSince.get(build) ?? now) > this.#core.settings.movesAfter
  }

  /** Resolves to `false` where that is to be tried again. */
  async #settle(live: ReadonlySet<string>, now: number): Promise<boolean> {
    const deployment = await describe(this.#core, this.#name)
    if (!deployment) return false
    const { current, conflictToken } = deployment
    this.#since = deployment.since
    this.#current = current
    for (const build of this.#since.keys())
      if (!live.has(build) && !this.#goneSince.has(build)) this.#goneSince.set(build, now)
    const mayComeBack = current !== undefined && !this.#isGone(current, now)
    const best = newest(mayComeBack ? [...live, current] : live, this.#since)
    if (best === undefined) return false
    if (best === current) return [...live].every((build) => this.#since.has(build))
    return this.#makeCurrent(best, conflictToken)
  }

  async #makeCurrent(build: string, conflictToken: Uint8Array): Promise<boolean> {
    const { client, log, ask } = this.#core
    const { namespace } = client.options
    const deploymentName = this.#name
    const request = { namespace, deploymentName, buildId: build, conflictToken }
    try {
      await ask(() => client.workflowService.setWorkerDeploymentCurrentVersion(request))
      this.#current = build
      log('info', 'New runs begin on this build from here on.', { build })
      this.#refused = false
      return true
    } catch (error) {
      // Its workers have not been heard of in full, or somebody was quicker, or an operator has taken this over.
      const refused = grpcCodeOf(error) === grpc.failedPrecondition
      if (!refused || !this.#refused)
        log(refused ? 'info' : 'warn', 'New runs cannot begin on this build yet; trying again.', {
          build,
          error: String(error),
        })
      this.#refused = refused
      this.#triedAt = Date.now() + refusedFor
      return false
    }
  }
}

interface Deployment {
  readonly current: string | undefined
  readonly conflictToken: Uint8Array
  /** Milliseconds since 1970 at which Temporal first heard of a build. */
  readonly since: ReadonlyMap<string, number>
}

/** `undefined` where no worker has been heard of yet. */
async function describe({ client, ask }: Cluster, deploymentName: string): Promise<Deployment | undefined> {
  const { namespace } = client.options
  try {
    const { workerDeploymentInfo, conflictToken } = await ask(() =>
      client.workflowService.describeWorkerDeployment({ namespace, deploymentName }),
    )
    const { routingConfig, versionSummaries } = workerDeploymentInfo ?? {}
    const current = routingConfig?.currentDeploymentVersion?.buildId
    const since = (versionSummaries ?? []).map(
      ({ deploymentVersion, createTime }) =>
        [deploymentVersion?.buildId ?? '', toMillis(createTime)] as const,
    )
    return { current: current || undefined, conflictToken, since: new Map(since) }
  } catch (error) {
    if (grpcCodeOf(error) === grpc.notFound) return undefined
    throw error
  }
}

/** Whether the server pins runs to the builds of their workers, and lets us. */
export async function pinsRuns({ client }: Pick<Cluster, 'client'>): Promise<boolean> {
  const { namespace } = client.options
  try {
    await client.workflowService.listWorkerDeployments({ namespace, pageSize: 1 })
    return true
  } catch (error) {
    const code = grpcCodeOf(error)
    if (code === grpc.permissionDenied || code === grpc.unimplemented) return false
    throw error
  }
}

function toMillis(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6)
}
