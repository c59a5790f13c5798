import type { WorkflowExecutionInfo } from '@temporalio/client'
import { fromColumns, isOver, selectRun, type RunRow } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'
import { timesTakenUp } from './executions.ts'
import { names, parseDetachedId } from './protocol.ts'

const atOnce = 20
/**
 * Most of them that no worker has taken up yet: that many, and no more, are before whatever else runs have to do. So they
 * move as fast as workers have room.
 */
const mostWaiting = 50
const lookAgainAfter = 100
/** Where workers take none up for so long, the others are moved all the same, as slowly as that. */
const patience = 10_000
/** Younger ones have had no turn yet because they are young. */
const unboundAfter = 60_000
const tellEvery = 30_000

/**
 * Runs whose build has no workers any more. They begin anew from the records, on the current build: what is recorded
 * of a run is kept readable from version to version, while Temporal's history of it is the affair of one build. An effect
 * whose result was not recorded yet is carried out again, with its key. Nothing is kept of how far this has come: what is
 * left is what Temporal still lists, for whoever leads then.
 */
export class Moves {
  readonly #core: Cluster
  readonly #deployment: string
  /** How often a workflow had taken up those that were moved and that none has taken up since. */
  readonly #waiting = new Map<number, number>()
  #stopped = false
  #again = false
  #left = 0
  #toldAt = 0

  constructor(core: Cluster, deployment: string) {
    this.#core = core
    this.#deployment = deployment
  }

  /** How many are still to be moved. */
  get left(): number {
    return this.#left
  }

  stop(): void {
    this.#stopped = true
    this.#left = 0
  }

  /** More have lost their workers: what is under way ends soon, to be begun again with those. */
  interrupt(): void {
    this.#again = true
  }

  /** The youngest runs first. Resolves to how many there were. */
  async look(gone: readonly string[]): Promise<number> {
    const { client, log } = this.#core
    this.#again = false
    const query = this.#query(gone)
    this.#left = (await client.workflow.count(query)).count
    if (this.#left === 0) return 0
    log('info', 'Runs whose workers have gone go on from their records.', {
      ...{ runs: this.#left, builds: gone.join(' ') },
    })
    this.#toldAt = Date.now()
    const found = { moved: 0, seen: 0 }
    let batch: WorkflowExecutionInfo[] = []
    for await (const execution of client.workflow.list({ query })) {
      batch.push(execution)
      if (batch.length < atOnce) continue
      await this.#moveAll(batch, gone, found)
      if (this.#stopped || this.#again) return found.moved
      batch = []
    }
    await this.#moveAll(batch, gone, found)
    if (found.moved > 0)
      log('info', 'All runs whose workers had gone have been moved.', { runs: found.moved })
    this.#left = 0
    return found.moved
  }

  async #moveAll(
    batch: readonly WorkflowExecutionInfo[],
    gone: readonly string[],
    found: { moved: number; seen: number },
  ): Promise<void> {
    const rows = await this.#rows(batch)
    const moved = await Promise.all(batch.map((execution) => this.#move(execution, rows, gone)))
    found.moved += moved.filter(Boolean).length
    this.#left = Math.max(0, this.#left - batch.length)
    await this.#untilTakenUp()
    if (Date.now() - this.#toldAt < tellEvery) return
    this.#toldAt = Date.now()
    const so = { moved: found.moved, left: this.#left }
    this.#core.log('info', 'Runs whose workers have gone are being moved.', so)
  }

  /** What nobody waits for is bound to its run's build, before its own first turn too. */
  #query(gone: readonly string[]): string {
    const versions = gone.map((build) => `'${this.#deployment}:${build}'`).join(', ')
    const since = new Date(Date.now() - unboundAfter).toISOString()
    const unbound = `(WorkflowType = '${names.detached}' AND TemporalWorkerDeploymentVersion IS NULL AND StartTime < '${since}')`
    return `TaskQueue = '${this.#core.taskQueue}' AND ExecutionStatus = 'Running' AND (TemporalWorkerDeploymentVersion IN (${versions}) OR ${unbound})`
  }

  /** Of the runs, by their ids. */
  async #rows(batch: readonly WorkflowExecutionInfo[]): Promise<ReadonlyMap<string, RunRow>> {
    const ids = [...new Set(batch.map(runIdOf))]
    if (ids.length === 0) return new Map()
    const marks = ids.map(() => '?').join(', ')
    const rows = await this.#core.database.query(`${selectRun} WHERE id IN (${marks})`, ids)
    const runs = rows.map(fromColumns)
    const before = await timesTakenUp(
      this.#core.database,
      runs.map(({ number }) => number),
    )
    for (const [number, times] of before) this.#waiting.set(number, times)
    return new Map(runs.map((row) => [row.id, row]))
  }

  /** What the list says may be a moment old: the execution itself is asked. */
  async #move(
    execution: WorkflowExecutionInfo,
    rows: ReadonlyMap<string, RunRow>,
    gone: readonly string[],
  ): Promise<boolean> {
    const { client, libraries, ask, runs } = this.#core
    const { workflowId, runId, type } = execution
    const handle = client.workflow.getHandle(workflowId, runId)
    const row = rows.get(runIdOf(execution))
    const detached = type === names.detached ? parseDetachedId(workflowId) : undefined
    const leave = () => void (row && this.#waiting.delete(row.number))
    try {
      const { raw, status } = await ask(() => handle.describe())
      const { deploymentVersion, behavior } = raw.workflowExecutionInfo?.versioningInfo ?? {}
      const isBound = Number(behavior) === pinned && gone.includes(deploymentVersion?.buildId ?? '')
      if (status.name !== 'RUNNING' || !isBound) return (leave(), false)
      if (row && detached) await runs.beginDetached(row.number, detached.id, detached.key, 'anew')
      else if (row && !isOver(row.status)) return (await runs.begin(row, 'anew'), true)
      else await ask(() => handle.terminate('Its build has no workers any more, and its run is over.'))
    } catch (error) {
      if (error instanceof libraries.client.WorkflowNotFoundError) return (leave(), false)
      throw error
    }
    leave()
    // Who waits for it may not have been told.
    if (row && !detached) await runs.goOn(row)
    return true
  }

  /** Until workers have room for more. */
  async #untilTakenUp(): Promise<void> {
    for (const until = Date.now() + patience; Date.now() < until && !this.#stopped;) {
      const now = await timesTakenUp(this.#core.database, [...this.#waiting.keys()])
      for (const [number, times] of this.#waiting) if (now.get(number) !== times) this.#waiting.delete(number)
      if (this.#waiting.size < mostWaiting) return
      await new Promise((resolve) => setTimeout(resolve, lookAgainAfter))
    }
    this.#waiting.clear()
  }
}

const runIdOf = ({ workflowId, type }: WorkflowExecutionInfo): string =>
  type === names.detached ? parseDetachedId(workflowId).id : workflowId

/** `VERSIONING_BEHAVIOR_PINNED`. */
const pinned = 1
