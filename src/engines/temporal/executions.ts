import type { Database } from '../../database/index.ts'
import { hasCode } from '../../errors.ts'
import { isOver } from '../run/run-row.ts'
import type { Cluster } from './cluster.ts'
import { superseded, type Batch, type HandedOver, type Place } from './protocol.ts'

/**
 * Who may write of a run: the row in `executions` names one epoch, and every batch is written with the condition that
 * this is still it. An epoch counts, from the left, the workflows that have taken the run up, how often each has handed
 * it over or taken it back (a term), and the attempts of an activity that was handed it.
 */
const workflow = 1_000_000_000
const term = 10_000

const termOf = (epoch: number) => Math.floor(epoch / term)

/** How often a workflow had taken the run up at this epoch. */
export function timesAt(epoch: number): number {
  return Math.floor(epoch / workflow)
}

/** How often a workflow has taken up each of these runs; those that have ended are not among them. */
export async function timesTakenUp(
  database: Database,
  runs: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (runs.length === 0) return new Map()
  const marks = runs.map(() => '?').join(', ')
  const sql = `SELECT run, epoch / ${workflow} AS times FROM executions WHERE run IN (${marks})`
  const rows = await database.query<{ run: number; times: number }>(sql, runs)
  return new Map(rows.map(({ run, times }) => [run, times]))
}

/** From here on only this workflow writes of the run. */
export async function takeUp({ database, clock }: Cluster, run: number): Promise<number> {
  const make = `INSERT INTO executions (run, epoch, batch, created_at) VALUES (?, 0, 0, ?) ON CONFLICT DO NOTHING`
  const next = `UPDATE executions SET epoch = (epoch / ${workflow} + 1) * ${workflow}, batch = 0 WHERE run = ?`
  await database.commit([
    { sql: make, parameters: [run, clock.now()] },
    { sql: next, parameters: [run] },
  ])
  const [row] = await database.query<{ epoch: number }>('SELECT epoch FROM executions WHERE run = ?', [run])
  return row?.epoch ?? 0
}

/**
 * From here on only this attempt of the activity that was handed the run writes of it; what was to be written before is
 * written. `over` where the run has ended, `lost` where the workflow has taken the run back.
 */
export async function takeOver(core: Cluster, over: HandedOver): Promise<Place | 'over' | 'lost'> {
  const { run, epoch: before } = over.place
  const own = termOf(before) + 1
  for (let now = before; ;) {
    const epoch = now === before ? own * term : now + 1
    if (await move(core, over, now, epoch)) return { run, epoch }
    const found = await epochOf(core, over.place)
    if (found === undefined) return 'over'
    if (found !== before && termOf(found) !== own) return 'lost'
    if (found === now) throw takenOver(core)
    now = found
  }
}

/** From here on only the workflow itself writes of the run again. `undefined` where it has ended. */
export async function takeBack(core: Cluster, over: HandedOver): Promise<Place | undefined> {
  const epoch = (termOf(over.place.epoch) + 2) * term
  for (;;) {
    const now = await epochOf(core, over.place)
    if (now === undefined) return undefined
    if (now === epoch || (await move(core, over, now, epoch))) return { run: over.place.run, epoch }
  }
}

/** Together with what had been written in the workflow's own term only. `false` where somebody was quicker. */
async function move(
  core: Cluster,
  { place, batches }: HandedOver,
  now: number,
  epoch: number,
): Promise<boolean> {
  const sql = 'UPDATE executions SET epoch = ?, batch = 0 WHERE run = ? AND epoch = ?'
  const moved = { statements: [{ sql, parameters: [epoch, place.run, now], expect: 1 }] }
  const last = batches.at(-1)
  try {
    if (last && now === place.epoch) {
      const all = [...batches.slice(0, -1), { ...last, units: [...last.units, moved] }]
      if ((await commitBatches(core, place, all)) === 'written') return true
    }
    await core.commits.write(moved)
    return true
  } catch (error) {
    if (hasCode(error, 'SLUSE-STORE-CHANGED') || isTakenOver(error)) return false
    throw error
  }
}

/** Where it stands; `undefined` where the run has ended. */
async function epochOf(core: Cluster, place: Place): Promise<number | undefined> {
  const epoch = (await executionOf(core, place.run))?.epoch
  if (epoch === undefined || timesAt(epoch) === timesAt(place.epoch)) return epoch
  throw takenOver(core)
}

/**
 * Writes what is not written yet of the batches, in one transaction that nobody else can make; `before` where all of them
 * had been.
 */
export async function commitBatches(
  core: Cluster,
  place: Place,
  all: readonly Batch[],
): Promise<'written' | 'before'> {
  let batches = all
  while (batches.length > 0) {
    const first = batches[0]?.number ?? 0
    const last = batches.at(-1)?.number ?? 0
    const units = batches.flatMap((batch) => batch.units)
    const fence = {
      sql: 'UPDATE executions SET batch = ? WHERE run = ? AND epoch = ? AND batch = ?',
      parameters: [last, place.run, place.epoch, first - 1],
      expect: 1,
    }
    let changed: unknown
    try {
      await core.commits.write({
        events: units.flatMap((unit) => unit.events ?? []),
        feeds: units.flatMap((unit) => (unit.feed ? [unit.feed] : [])),
        statements: [fence, ...units.flatMap((unit) => unit.statements ?? [])],
      })
      if (units.some((unit) => unit.events?.length)) core.notify()
      return 'written'
    } catch (error) {
      if (!hasCode(error, 'SLUSE-STORE-CHANGED')) throw error
      changed = error
    }
    const now = await executionOf(core, place.run)
    // The last batch of a run takes the row away.
    if (!now && isOver((await core.records.row(place.run))?.status ?? 'completed')) return 'before'
    const ours = now?.epoch === place.epoch
    // The fence holds: it is a statement of the run that does not.
    if (ours && now.batch === first - 1) throw changed
    const left = batches.filter(({ number }) => number > (now?.batch ?? 0))
    if (!ours || left.length === batches.length) throw takenOver(core)
    // A task of the workflow that Temporal did not accept is done again, and may come to other batches: then the run is
    // to begin anew from what was written.
    const before = batches.filter((batch) => !left.includes(batch))
    if (!(await areRecorded(core, place.run, before))) throw takenOver(core)
    batches = left
  }
  return 'before'
}

/** Whether the journal has what these batches would write; of its newest rows, as no more is sent twice. */
async function areRecorded({ database }: Cluster, run: number, batches: readonly Batch[]): Promise<boolean> {
  const feeds = batches.flatMap(({ units }) => units.flatMap(({ feed }) => (feed ? [feed.data] : [])))
  if (feeds.length === 0) return true
  const rows = await database.query<{ data: string }>(
    'SELECT data FROM journal WHERE run = ? ORDER BY seq DESC LIMIT ?',
    [run, feeds.length + 1000],
  )
  const known = new Set(rows.map(({ data }) => data))
  return feeds.every((data) => known.has(data))
}

async function executionOf(
  { database }: Cluster,
  run: number,
): Promise<{ epoch: number; batch: number } | undefined> {
  const [row] = await database.query<{ epoch: number; batch: number }>(
    'SELECT epoch, batch FROM executions WHERE run = ?',
    [run],
  )
  return row
}

function takenOver({ libraries }: Cluster): Error {
  return libraries.common.ApplicationFailure.nonRetryable('Somebody else has taken the run over.', superseded)
}

/** Whether it says that somebody else has taken the run over. */
export function isTakenOver(error: unknown): boolean {
  return (error as { type?: unknown } | undefined)?.type === superseded
}
