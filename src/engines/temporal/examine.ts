import type { Connection } from '@temporalio/client'
import { deploymentOf } from './builds.ts'
import { connect, unreachable } from './connect.ts'
import { libraries } from './libraries.ts'
import type { TemporalServerSettings } from './options.ts'
import { whyNot } from './why-not.ts'

/** What a Temporal server says of itself and of the workers of an installation. */
export interface ExaminedTemporal {
  /** Its version; empty where it does not say. */
  readonly version: string
  /** For how long it keeps workflows that have ended; `undefined` where this may not be asked. */
  readonly retentionMs: number | undefined
  /** Those that asked for work within the last minutes. */
  readonly workers: readonly { readonly identity: string; readonly build: string | undefined }[]
  /** Runs that stand still because no worker of the build that began them has asked for work. */
  readonly stranded: number
}

/**
 * Asks it. Throws `SLUSE-TEMPORAL-LIBRARY`, `SLUSE-TEMPORAL-UNREACHABLE` or `SLUSE-TEMPORAL-NAMESPACE`: what would keep a
 * server or worker from starting.
 */
export async function examineTemporal(server: TemporalServerSettings): Promise<ExaminedTemporal> {
  const loaded = await libraries()
  const { namespace, taskQueue } = server
  // The libraries would try on until their time is over.
  const obstacle = await whyNot(server)
  if (obstacle) throw unreachable(server, obstacle.why)
  const connection = await connect(loaded, server, patienceMs)
  const { workflowService } = connection
  try {
    return await connection.withDeadline(Date.now() + patienceMs, async () => {
      const { serverVersion } = await workflowService.getSystemInfo({})
      const described = await workflowService.describeNamespace({ namespace }).catch(() => undefined)
      const retention = described?.config?.workflowExecutionRetentionTtl?.seconds
      const queue = { namespace, taskQueue: { name: taskQueue }, taskQueueType: workflows }
      const { pollers } = await workflowService.describeTaskQueue(queue)
      const builds = (pollers ?? []).map(({ deploymentOptions }) => deploymentOptions?.buildId)
      return {
        stranded: await strandedRuns(connection, server, new Set(builds)),
        version: serverVersion ?? '',
        retentionMs: retention ? Number(retention) * 1000 : undefined,
        workers: (pollers ?? []).map(({ identity, deploymentOptions }) => ({
          identity: identity ?? '',
          build: deploymentOptions?.buildId || undefined,
        })),
      }
    })
  } finally {
    await connection.close()
  }
}

/** None where builds or counts are unknown to the server, or none of our business. */
async function strandedRuns(
  { workflowService }: Connection,
  { namespace, taskQueue }: TemporalServerSettings,
  live: ReadonlySet<unknown>,
): Promise<number> {
  const deploymentName = deploymentOf(taskQueue)
  try {
    const found = await workflowService.describeWorkerDeployment({ namespace, deploymentName })
    const gone = (found.workerDeploymentInfo?.versionSummaries ?? [])
      .map(({ deploymentVersion }) => deploymentVersion?.buildId ?? '')
      .filter((build) => build !== '' && !live.has(build))
    if (gone.length === 0) return 0
    const versions = gone.map((build) => `'${deploymentName}:${build}'`).join(', ')
    const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion IN (${versions})`
    const { count } = await workflowService.countWorkflowExecutions({ namespace, query })
    return Number(count ?? 0)
  } catch {
    return 0
  }
}

const patienceMs = 5000

/** `TASK_QUEUE_TYPE_WORKFLOW` */
const workflows = 1
