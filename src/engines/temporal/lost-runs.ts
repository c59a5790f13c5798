import type { WorkflowExecutionInfo } from '@temporalio/client'
import { readMark, saveMark, type Statement } from '../../database/index.ts'
import type { Stuck } from '../records/stuck-runs.ts'
import { fromColumns, isOver, selectRun } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'

const atOnce = 20
/** How far back they are looked for beyond the last look: what Temporal lists may be late. */
const listedWithin = 60_000
/** After the installation was down for a while: what was ended meanwhile. Temporal keeps it for a day at least. */
const longestBack = 86_400_000
/** The mark that keeps when they were looked for last. */
const looked = 'lost looked'

/**
 * Workflows that somebody has ended in Temporal itself, or that did not replay: what is recorded of the runs is all that it
 * takes to go on. Resolves to the runs that had lost theirs; `fence` goes with what is written.
 */
export async function setLostGoing(core: Cluster, fence: Statement): Promise<readonly Stuck[]> {
  const { client, database, runs, log } = core
  const now = Date.now()
  const found: Stuck[] = []
  const setGoing = async ({ workflowId, runId, closeTime }: WorkflowExecutionInfo) => {
    // It was set going again before.
    if ((await client.workflow.getHandle(workflowId).describe()).runId !== runId) return
    const [row] = await database.query(`${selectRun} WHERE id = ?`, [workflowId])
    const run = row && fromColumns(row)
    if (!run) return
    await runs.goOn(run)
    if (isOver(run.status)) return
    log('warn', 'The workflow of a run was ended in Temporal; it is set going again.', { run: workflowId })
    const detail = 'Its workflow was ended in Temporal; it is set going again from the records.'
    found.push({ run: run.number, since: closeTime?.getTime() ?? now, reason: 'lost', detail })
  }
  let batch: WorkflowExecutionInfo[] = []
  for await (const execution of client.workflow.list({ query: await endedSince(core, now) })) {
    batch.push(execution)
    if (batch.length < atOnce) continue
    await Promise.all(batch.map(setGoing))
    batch = []
  }
  await Promise.all(batch.map(setGoing))
  await database.commit([fence, saveMark(looked, now)])
  return found
}

/** Since the last look, whichever process it was that looked. */
async function endedSince({ database, taskQueue, settings }: Cluster, now: number): Promise<string> {
  const last = (await readMark(database, looked)) ?? now - settings.findsLostEvery
  const since = new Date(Math.max(last, now - longestBack) - listedWithin).toISOString()
  const ended = `ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')`
  return `WorkflowType = 'run' AND TaskQueue = '${taskQueue}' AND ${ended} AND CloseTime > '${since}'`
}
