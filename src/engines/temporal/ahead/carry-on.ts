import { startOf } from '../../records/start-of.ts'
import { LiveRun } from '../../run/live-run.ts'
import type { Cluster } from '../cluster.ts'
import type { Place } from '../protocol.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { AheadCommits } from './commits.ts'
import { AheadHost, type Bounds } from './host.ts'
import type { RecordedRun } from './recorded-run.ts'
import type { Unfinished } from './unfinished.ts'

/** How far a run was carried on, and what was recorded of that. */
export interface CarriedOn {
  readonly commits: AheadCommits
  readonly host: AheadHost
  /** An effect that is under way still. */
  readonly unfinished: Unfinished | undefined
}

/**
 * Carries a run on in this process, from its records: effects that come one after the other, each recorded before the
 * next one begins, until something else is to be waited for, or it has had its time. Rejects with the reason of `signal`
 * where that aborts: then nothing more of it is recorded.
 */
export async function carryOn(
  core: Cluster,
  place: Place,
  { row, workflow, secrets, sealer, rows }: RecordedRun,
  bounds: Bounds,
  signal: AbortSignal,
): Promise<CarriedOn> {
  signal.throwIfAborted()
  const commits = new AheadCommits(core, place, sealer, signal)
  const host = new AheadHost(core, row, workflow, commits, bounds)
  const items = rows.flat()
  const run = new LiveRun(host, { row, start: startOf(row, { workflow }, items, secrets), sealer, items })
  commits.whenLost = () => host.stop()
  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<void>((resolve) => {
    if (bounds.letsGo) timer = setTimeout(resolve, bounds.forMs)
  })
  let unfinished: Unfinished | undefined
  try {
    const rests = host.stopped.then(() => atRest(run, host))
    await unlessAborted(signal, Promise.race([rests, timeUp]))
    host.stop()
    unfinished = host.takeUnfinished()
    if (!unfinished) await unlessAborted(signal, rests)
  } finally {
    clearTimeout(timer)
    run.abandon()
  }
  await commits.drained()
  return { commits, host, unfinished }
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
