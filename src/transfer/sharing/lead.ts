import { hasCode } from '../../errors.ts'
import { joined } from '../../joined.ts'
import { Postponed, problemOf, type JsonObject, type Problem } from '../../workflow/index.ts'
import { beginOf, end, endedBefore, type Means } from '../carry-out.ts'
import { longestWaitMs } from '../jobs.ts'
import type { TargetRow, TransferRow } from '../store/rows.ts'
import { waitsForAll } from '../work.ts'
import type { Board, View } from './board.ts'
import type { HeldJob, Holds } from './holds.ts'
import { closeJobs, openJob, readJobs, targetOf, type JobName, type JobRow } from './job-rows.ts'
import type { Taker } from './taker.ts'

export interface LeadOptions {
  readonly means: Means
  readonly holds: Holds
  readonly board: Board
  readonly taker: Taker
  /** Aborts where this process ends, and others go on. */
  readonly closing: AbortSignal
}

/** News may be lost: so often it is looked at whatever happens. */
const lookEveryMs = 1000
/** A replay that failed in a way that is not its own is led again so much later. */
const failedPauseMs = 60_000

/**
 * Sees to it that the jobs of a transfer are done, by whichever process, and ends it. One leads at a time: another
 * waits until it can. Gives and throws what `carryOut` does. `begin` makes the transfer where it is not there yet.
 */
export async function lead(
  id: string,
  options: LeadOptions,
  signal: AbortSignal,
  begin: () => Promise<void>,
): Promise<JsonObject> {
  const { holds, board } = options
  for (;;) {
    signal.throwIfAborted()
    try {
      const held = await holds.take({ transfer: id, job: 'lead' })
      if (held) return await leadAs(held, options, signal, begin)
    } catch (error) {
      const again = hasCode(error, 'SLUSE-STORE-CHANGED') || hasCode(error, 'SLUSE-STORE-UNREACHABLE')
      if (!again || signal.aborted) throw error
    }
    await board.next(lookEveryMs, signal)
  }
}

/** Leads with what is held already, and lets go of it in the end. A replay that is put off is led again by whoever. */
export async function leadAs(
  held: HeldJob,
  options: LeadOptions,
  signal: AbortSignal,
  begin: () => Promise<void> = async () => {},
): Promise<JsonObject> {
  const { means, taker, closing } = options
  const { transfer: id } = held
  let again: number | undefined
  try {
    await begin()
    const { row, dataset } = await beginOf(id, means)
    if (row.kind === 'replay') again = means.now() + failedPauseMs
    const ended = await endedBefore(row, dataset, means.store)
    if (ended) return ended
    const problem = await joined([signal, held.signal], (either) => waitForAll(row, held, options, either))
    if (problem) await recall(held, taker)
    return await end(id, problem, means, held, closeJobs(id))
  } catch (error) {
    if (again !== undefined && error instanceof Postponed) again = error.until
    if (problemOf(error)) again = undefined
    // What others have of it goes on where this process ends, and is taken from them where the transfer is put off.
    if (!closing.aborted && !held.lost) await recall(held, taker).catch(() => {})
    throw error
  } finally {
    // What cannot be written now is found out when its time is over.
    await leave(held, closing.aborted ? 0 : again).catch(() => {})
  }
}

/** `again`: when somebody is to lead it again, where that is not for a run to say. */
function leave(held: HeldJob, again: number | undefined): Promise<void> {
  return again === undefined ? held.done() : held.release(again)
}

/** `undefined`: all jobs have ended. Else the problem with which all is over. */
async function waitForAll(
  { id, plan }: TransferRow,
  held: HeldJob,
  { means, board }: LeadOptions,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { store, now } = means
  /** What is on the board is true of them as of a look that began later. */
  let openedAt = 0
  const open = async (read: boolean) => {
    const jobs = await dueJobs(id, means, read)
    await held.commit(jobs.map((job) => openJob({ transfer: id, job })))
    openedAt = performance.now()
  }
  await open(false)
  let waiting = plan.to.some((_, index) => waitsForAll({ plan }, index))
  for (let view: View | undefined; ; view = await board.next(lookEveryMs, signal)) {
    signal.throwIfAborted()
    const all = view && view.asOf > openedAt ? view.jobs : await readJobs(store.database, id)
    const rows = all.filter(({ transfer, job }) => transfer === id && job !== 'lead')
    const failed = rows.find(({ error }) => error)
    if (failed) return failed.error
    if (waiting && !rows.some(({ job }) => job === 'read')) {
      waiting = false
      await open(true)
      continue
    }
    if (rows.length === 0) return undefined
    const idle = rows.every(({ until }) => until <= now())
    const due = Math.min(...rows.map((row) => row.due))
    if (idle && due - now() > longestWaitMs) throw await postponed(id, rows, means)
  }
}

/** The jobs that have not ended; those that wait until all has been read only with `read`. */
async function dueJobs(id: string, means: Means, read: boolean): Promise<JobName[]> {
  const { row } = await beginOf(id, means)
  const targets = await means.store.targets(id)
  const open = targets.filter(({ status }) => status === 'waiting' || status === 'delivering')
  const readDone = row.status !== 'reading'
  return [
    ...(readDone ? [] : ['read' as const]),
    ...open
      .filter(({ target }) => read || readDone || !waitsForAll(row, target))
      .map(({ target }) => `deliver:${target}` as const),
  ]
}

async function postponed(id: string, rows: readonly JobRow[], means: Means): Promise<Postponed> {
  // Who delivers may wait only because who reads does.
  const [first] = [...rows].sort(
    (one, other) => one.due - other.due || Number(other.job === 'read') - Number(one.job === 'read'),
  )
  const { row } = await beginOf(id, means)
  const target = first && targetOf(first.job)
  const of: TransferRow | TargetRow | undefined =
    target === undefined ? row : (await means.store.targets(id))[target]
  const name =
    target === undefined ? `Reading from ${row.source}` : `Delivering to ${row.plan.to[target]?.name}`
  const why = of?.trouble?.problem.detail ?? of?.trouble?.problem.title ?? ''
  return new Postponed(first?.due ?? means.now(), of?.trouble?.attempt ?? 1, `${name} failed: ${why}`)
}

/** Whoever has a job of it can write nothing more; what this process does of it has ended when this resolves. */
async function recall(held: HeldJob, taker: Taker): Promise<void> {
  await held.commit(closeJobs(held.transfer))
  await taker.stop(held.transfer)
}
