import { readMark, saveMark, type Statement } from '../../database/index.ts'
import { matches, type CloudEvent, type EventFilter } from '../../workflow/index.ts'
import type { Schedules } from '../records/schedules.ts'
import { anyType } from '../run/wait-rows.ts'
import { valueOf } from '../run/wait-hints.ts'
import type { Cluster } from './cluster.ts'
import { names } from './protocol.ts'

const pageSize = 200
/** The mark that says up to which event everybody has been told. */
const kept = 'dispatched'

/**
 * Tells the runs that wait for an event to look for it, and gives it to the schedules; each event in the order in which
 * it came. How far it has come is kept; after a crash it goes on from there, and whoever was told before takes no notice.
 */
export class Dispatcher {
  readonly #core: Cluster
  readonly #schedules: () => Schedules
  readonly #fence: Statement
  #position: number | undefined

  /** `fence` goes with what is written. */
  constructor(core: Cluster, schedules: () => Schedules, fence: Statement) {
    this.#core = core
    this.#schedules = schedules
    this.#fence = fence
  }

  /** Up to here everybody has been told. */
  get settledTo(): number {
    return this.#position ?? 0
  }

  /** The number of the newest event that has come. */
  async newest(): Promise<number> {
    const [row] = await this.#core.database.query<{ seq: number | null }>('SELECT max(seq) AS seq FROM inbox')
    return row?.seq ?? 0
  }

  /** Deals with what has come up to this event. Rejects where that cannot be: then again from there. */
  async look(upTo: number): Promise<void> {
    const { database } = this.#core
    let position = (this.#position ??= await this.#kept())
    for (;;) {
      const rows = await database.query<{ seq: number; data: string }>(
        'SELECT seq, data FROM inbox WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
        [position, upTo, pageSize],
      )
      for (const { seq, data } of rows) {
        const event = JSON.parse(data) as CloudEvent
        await this.#tellRuns(event)
        await this.#schedules().take({ seq, event })
        this.#position = position = seq
      }
      // What a schedule leaves for later, whoever leads from here on must come to again.
      if (rows.length > 0) await this.#keep(Math.min(position, this.#schedules().settledTo))
      if (rows.length < pageSize) return
    }
  }

  async #tellRuns(event: CloudEvent): Promise<void> {
    for (const by of await this.#hints(event.type)) {
      const value = by === '' ? '' : valueOf(by, event)
      if (value !== undefined) await this.#tellBy(event, by, value)
    }
  }

  /** By what waits for this type are found. There are few of them, each found with one step into the index. */
  async #hints(type: string): Promise<Set<string>> {
    const found = new Set<string>()
    for (const one of [type, anyType]) {
      for (let after: string | undefined; ;) {
        const more = after === undefined ? '' : ' AND hint_by > ?'
        const rows = await this.#core.database.query<{ hint_by: string }>(
          `SELECT hint_by FROM waits WHERE type = ?${more} ORDER BY hint_by LIMIT 1`,
          after === undefined ? [one] : [one, after],
        )
        after = rows[0]?.hint_by
        if (after === undefined) break
        found.add(after)
      }
    }
    return found
  }

  async #tellBy(event: CloudEvent, by: string, value: string): Promise<void> {
    for (let after = 0; ;) {
      const rows = await this.#core.database.query<{ number: number; id: string; filter: string }>(
        `SELECT waits.number AS number, runs.id AS id, waits.filter AS filter FROM waits
         JOIN runs ON runs.number = waits.run
         WHERE waits.type IN (?, '${anyType}') AND hint_by = ? AND hint = ? AND waits.number > ?
         ORDER BY waits.number LIMIT ?`,
        [event.type, by, value, after, pageSize],
      )
      const told = new Set(rows.filter(({ filter }) => mayMatch(filter, event)).map(({ id }) => id))
      await Promise.all([...told].map((id) => this.#core.runs.tell(id, names.look)))
      after = rows.at(-1)?.number ?? after
      if (rows.length < pageSize) return
    }
  }

  async #kept(): Promise<number> {
    return (await readMark(this.#core.database, kept)) ?? 0
  }

  async #keep(position: number): Promise<void> {
    await this.#core.database.commit([this.#fence, saveMark(kept, position)])
  }
}

/** A filter with a secret in it is stored sealed: only the run itself can tell. */
function mayMatch(text: string, event: CloudEvent): boolean {
  return text === '' || matches(JSON.parse(text) as EventFilter, event)
}
