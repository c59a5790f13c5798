import type { CloudEvent } from '../../workflow/index.ts'
import type { Records } from './records.ts'

/** The type of the event that tells of a stuck run, once for each time that it gets stuck. */
export const stuckEventType = 'dk.sluse.run.stuck.v1'

export interface Stuck<Reason extends string = string> {
  readonly run: number
  /** Milliseconds since 1970. */
  readonly since: number
  readonly reason: Reason
  /** For people. */
  readonly detail: string
}

interface Core extends Records {
  readonly inbox: { publish(events: readonly CloudEvent[]): Promise<unknown> }
}

/** Runs that are stuck, as people are told of them: in the run's summary, the log, the metrics and a CloudEvent. */
export class StuckRuns {
  readonly #core: () => Core
  #stuck = new Map<number, Stuck>()

  constructor(core: () => Core) {
    this.#core = core
  }

  get size(): number {
    return this.#stuck.size
  }

  since(run: number): number | undefined {
    return this.#stuck.get(run)?.since
  }

  /** Those that were told of before. */
  async open(): Promise<void> {
    const rows = await this.#core().database.query<StuckRow>(
      'SELECT run, since, reason, detail FROM stuck_runs',
    )
    this.#stuck = new Map(rows.map((row) => [row.run, row]))
  }

  /** These are stuck now, and no others. */
  async are(found: ReadonlyMap<number, Stuck>): Promise<void> {
    for (const run of this.#stuck.keys()) if (!found.has(run)) this.#recovered(run)
    for (const stuck of found.values()) if (!this.#stuck.has(stuck.run)) await this.#tell(stuck)
  }

  async #tell(stuck: Stuck): Promise<void> {
    const core = this.#core()
    const row = await core.records.row(stuck.run)
    if (!row) return
    const { run, since, reason, detail } = stuck
    const { namespace, name, version } = row.reference
    const event: CloudEvent = {
      specversion: '1.0',
      id: `${row.id}/stuck/${since}`,
      source: '/sluse/watchdog',
      type: stuckEventType,
      time: iso(core.clock.now()),
      subject: row.id,
      datacontenttype: 'application/json',
      data: { run: row.id, definition: { namespace, name, version }, since: iso(since), reason, detail },
    }
    const sql =
      'INSERT INTO stuck_runs (run, since, reason, detail) VALUES (?, ?, ?, ?) ON CONFLICT (run) DO NOTHING'
    await core.database.commit([{ sql, parameters: [run, since, reason, detail] }])
    this.#stuck.set(run, stuck)
    core.log('warn', 'A run is stuck.', { run: row.id, reason, detail })
    await core.inbox.publish([event])
  }

  #recovered(run: number): void {
    this.#stuck.delete(run)
    this.#core().commits.add({
      statements: [{ sql: 'DELETE FROM stuck_runs WHERE run = ?', parameters: [run] }],
    })
  }
}

/** An activity that takes longer than any timeout allows. */
export function slowActivity(run: number, key: string, kind: string, since: number): Stuck<'activity'> {
  const detail = `The activity ${key} (${kind}) has been under way since ${iso(since)}.`
  return { run, since, reason: 'activity', detail }
}

type StuckRow = { run: number; since: number; reason: string; detail: string }

function iso(time: number): string {
  return new Date(time).toISOString()
}
