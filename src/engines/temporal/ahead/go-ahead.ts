import { isOver } from '../../run/run-row.ts'
import type { Cluster } from '../cluster.ts'
import { takeOver } from '../executions.ts'
import type { Ahead, HandedOver } from '../protocol.ts'
import { carryOn } from './carry-on.ts'
import { recordedRun } from './recorded-run.ts'

/**
 * Carries a run on that a workflow has handed over. An attempt that follows one which died goes on from what that had
 * recorded. Rejects as `carryOn` does.
 */
export async function goAhead(core: Cluster, over: HandedOver, signal: AbortSignal): Promise<Ahead> {
  const place = await takeOver(core, over)
  if (place === 'lost') return {}
  const row = await core.records.row(over.place.run)
  if (!row || place === 'over' || isOver(row.status)) return { over: row?.status ?? 'cancelled' }
  const run = await recordedRun(core, row)
  const { commits, host } = await carryOn(core, place, run, { forMs: core.settings.aheadMs }, signal)
  const left = host.takeLeft()
  if (commits.lost) return { ...(left && { left }) }
  if (host.over) return { over: host.over }
  const rows = run.rows.length + commits.rows.length
  const since = [...run.rows.slice(over.rows).flat(), ...commits.written.flat()]
  return { back: { place, batch: commits.batch, items: since, rows }, ...(left && { left }) }
}
