import { startOf } from '../../records/start-of.ts'
import { LiveRun } from '../../run/live-run.ts'
import { isOver } from '../../run/run-row.ts'
import { sealerOf } from '../../run/seal.ts'
import type { Cluster } from '../cluster.ts'
import { takeOver } from '../executions.ts'
import type { Ahead, HandedOver } from '../protocol.ts'
import { AheadCommits } from './commits.ts'
import { AheadHost } from './host.ts'

/**
 * Carries a run on in this process, from its records: effects that come one after the other, each recorded before the
 * next one begins, until something else is to be waited for, or it has had its time. An attempt that follows one which
 * died goes on from what that had recorded. Rejects with the reason of `signal` where that aborts: then nothing more of
 * it is recorded.
 */
export async function goAhead(core: Cluster, over: HandedOver, signal: AbortSignal): Promise<Ahead> {
  const place = await takeOver(core, over)
  if (place === 'lost') return {}
  const row = await core.records.row(over.place.run)
  if (!row || place === 'over' || isOver(row.status)) return { over: row?.status ?? 'cancelled' }
  const [definition, secrets] = await Promise.all([
    core.definitions.get(row.digest),
    core.records.secrets(row.seal),
  ])
  const sealer = sealerOf(row.seal, secrets)
  const before = await core.records.rows(row, sealer)
  signal.throwIfAborted()

  const commits = new AheadCommits(core, place, sealer, signal)
  const host = new AheadHost(core, row.number, definition.workflow, commits)
  const items = before.flat()
  const run = new LiveRun(host, { row, start: startOf(row, definition, items, secrets), sealer, items })
  commits.whenLost = () => host.stop()
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  try {
    await Promise.race([host.stopped.then(() => atRest(run, host)), aborted])
  } finally {
    run.abandon()
  }
  signal.throwIfAborted()
  const { left } = host
  if (commits.lost) return { ...(left && { left }) }
  if (host.over) return { over: host.over }
  const rows = before.length + commits.rows.length
  const since = [...before.slice(over.rows).flat(), ...commits.items]
  return { back: { place, batch: commits.batch, items: since, rows }, ...(left && { left }) }
}

/** What is under way has ended, what followed from that has come to rest, and all of it is recorded. */
async function atRest(run: LiveRun, host: AheadHost): Promise<void> {
  do {
    await host.idle()
    await new Promise((resolve) => setImmediate(resolve))
    await host.commits.drained()
  } while (!host.over && !host.commits.lost && !run.atRest)
  await host.idle()
}
