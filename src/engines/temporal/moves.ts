import type { WorkflowExecutionInfo } from '@temporalio/client'
import type { Cluster } from './cluster.ts'
import { names, parseDetachedId } from './protocol.ts'

const atOnce = 20
/** Younger ones have had no turn yet because they are young. */
const unboundAfter = 60_000

/**
 * Runs whose build has no workers any more. They begin anew from the records, on the current build: what is recorded
 * of a run is kept readable from version to version, while Temporal's history of it is the affair of one build. An effect
 * whose result was not recorded yet is carried out again, with its key.
 */
export class Moves {
  readonly #core: Cluster
  readonly #deployment: string

  constructor(core: Cluster, deployment: string) {
    this.#core = core
    this.#deployment = deployment
  }

  /** Resolves to how many there were. */
  async look(gone: readonly string[]): Promise<number> {
    const { client, log } = this.#core
    let batch: WorkflowExecutionInfo[] = []
    let moved = 0
    const flush = async () => {
      const all = await Promise.all(batch.map((execution) => this.#move(execution, gone)))
      moved += all.filter(Boolean).length
      batch = []
    }
    for await (const execution of client.workflow.list({ query: this.#query(gone) })) {
      batch.push(execution)
      if (batch.length >= atOnce) await flush()
    }
    await flush()
    if (moved > 0) log('info', 'Runs whose workers have gone go on from their records.', { runs: moved })
    return moved
  }

  /** What nobody waits for is bound to its run's build, before its own first turn too. */
  #query(gone: readonly string[]): string {
    const versions = gone.map((build) => `'${this.#deployment}:${build}'`).join(', ')
    const since = new Date(Date.now() - unboundAfter).toISOString()
    const unbound = `(WorkflowType = '${names.detached}' AND TemporalWorkerDeploymentVersion IS NULL AND StartTime < '${since}')`
    return `TaskQueue = '${this.#core.taskQueue}' AND ExecutionStatus = 'Running' AND (TemporalWorkerDeploymentVersion IN (${versions}) OR ${unbound})`
  }

  /** What the list says may be a moment old: the execution itself is asked. */
  async #move({ workflowId, runId, type }: WorkflowExecutionInfo, gone: readonly string[]): Promise<boolean> {
    const { client, libraries, ask } = this.#core
    const handle = client.workflow.getHandle(workflowId, runId)
    try {
      const { raw } = await ask(() => handle.describe())
      const { deploymentVersion, behavior } = raw.workflowExecutionInfo?.versioningInfo ?? {}
      if (Number(behavior) !== pinned || !gone.includes(deploymentVersion?.buildId ?? '')) return false
      await ask(() => handle.terminate('Its build has no workers any more; it goes on from the records.'))
    } catch (error) {
      if (error instanceof libraries.client.WorkflowNotFoundError) return false
      throw error
    }
    await this.#goOn(workflowId, type)
    return true
  }

  async #goOn(workflowId: string, type: string): Promise<void> {
    const { records, runs } = this.#core
    const detached = type === names.detached ? parseDetachedId(workflowId) : undefined
    const row = await records.find(detached?.id ?? workflowId)
    if (detached) await runs.beginDetached(row.number, detached.id, detached.key)
    else await runs.goOn(row)
  }
}

/** `VERSIONING_BEHAVIOR_PINNED`. */
const pinned = 1
