import { isOver, type RunRow } from '../../run/run-row.ts'
import type { Cluster } from '../cluster.ts'
import { takeUp } from '../executions.ts'
import type { Ended, Loaded, Place, SetOut } from '../protocol.ts'
import { carryOn } from './carry-on.ts'
import { recordedRun, type RecordedRun } from './recorded-run.ts'

/** Within a task of the workflow, for whose end commands to the run have to wait. */
const mostMs = 1000

/**
 * Takes a run up for a workflow, and carries it on (with `carriesOn`) from its records for a moment, as long as that is one effect after the
 * other. Most short runs are over by then, and the sandbox never has them in memory. An effect that takes longer goes on in
 * this process, where an activity waits for it.
 */
export async function setOut(
  core: Cluster,
  number: number,
  carriesOn: boolean,
  signal: AbortSignal,
): Promise<SetOut> {
  const { records, database } = core
  const before = await records.row(number)
  if (!before) return { is: 'gone' }
  if (isOver(before.status)) return { is: 'over', ended: await endedOf(core, before) }
  const place = { run: number, epoch: await takeUp(core, number) }
  // Read only now: what an earlier execution still wrote until then belongs to the run.
  const row = await records.row(number)
  if (!row || isOver(row.status)) {
    await database.commit([{ sql: 'DELETE FROM executions WHERE run = ?', parameters: [number] }])
    return row ? { is: 'over', ended: await endedOf(core, row) } : { is: 'gone' }
  }
  const run = await recordedRun(core, row)
  if (!carriesOn || !mayCarryOn(core, run)) return { is: 'loaded', loaded: await loadedOf(core, place, run) }
  try {
    return await begin(core, place, run, signal)
  } catch (error) {
    // For another worker, from what is recorded.
    if (core.ending.signal.aborted) return { is: 'lost' }
    throw error
  }
}

async function begin(core: Cluster, place: Place, run: RecordedRun, signal: AbortSignal): Promise<SetOut> {
  const bounds = { forMs: Math.min(mostMs, core.settings.aheadMs), letsGo: true }
  const { commits, host, unfinished } = await carryOn(core, place, run, bounds, signal)
  try {
    if (commits.lost) throw new Error('Somebody else has taken the run up.')
    if (host.over) return { is: 'over', ended: await endedOf(core, { ...run.row, status: host.over }) }
    const row = commits.batch > 0 ? ((await core.records.row(place.run)) ?? run.row) : run.row
    const rows = [...run.rows, ...commits.written]
    const loaded = { ...(await loadedOf(core, place, { ...run, row, rows })), batch: commits.batch }
    const left = host.takeLeft()
    if (unfinished) core.unfinished.keep(place, unfinished)
    return {
      is: 'loaded',
      loaded: {
        ...loaded,
        ...(left && { left }),
        ...(unfinished && { unfinished: { key: unfinished.key, queue: core.unfinished.queue } }),
      },
    }
  } catch (error) {
    unfinished?.abort(error)
    if (commits.lost) return { is: 'lost' }
    throw error
  }
}

/** What is not recorded of a secret would have to be fetched again. */
function mayCarryOn({ settings, ending, limiter }: Cluster, { row, rows }: RecordedRun): boolean {
  if (settings.aheadMs === 0 || ending.begun || limiter.waiting > 0) return false
  return row.status !== 'suspended' && !rows.some((items) => items.some(({ type }) => type === 'secret'))
}

async function loadedOf(
  core: Cluster,
  { epoch }: Place,
  { row, workflow, secrets, rows }: RecordedRun,
): Promise<Loaded> {
  const { maxResultBytes, longHistory, aheadMs } = core.settings
  return {
    ...{ row, workflow, items: rows.flat(), secrets, epoch, batch: 0, maxResultBytes, longHistory },
    ...(await toldOf(core, row)),
    ...(aheadMs > 0 && { ahead: { rows: rows.length } }),
  }
}

async function endedOf(core: Cluster, row: RunRow): Promise<Ended> {
  return { status: row.status, ...(await toldOf(core, row)) }
}

/** Who is to be told of the run. */
async function toldOf({ records, searchAttributes }: Cluster, { parent }: RunRow) {
  const above = parent === undefined ? undefined : await records.row(parent)
  return { searchable: searchAttributes.known, ...(above && { parent: above.id }) }
}
