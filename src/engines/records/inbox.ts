import type { Database, SqlValue, Statement } from '../../database/index.ts'
import { SluseError } from '../../errors.ts'
import { matches, type CloudEvent, type EventFilter } from '../../workflow/index.ts'
import type { PublishReceipt } from '../engine.ts'
import type { Clock } from './clock.ts'
import type { GroupCommit } from './group-commit.ts'
import type { FoundEvent } from '../run/host.ts'
import type { LiveRun } from '../run/live-run.ts'
import type { Pending } from '../run/pending.ts'
import { anyType, typesOfAny } from '../run/wait-rows.ts'

const pageSize = 200

/** Who looks for an event. */
export interface Listener {
  readonly row: { readonly number: number; readonly firstEvent: number; readonly startedAt: number }
  readonly consumed: ReadonlySet<number>
  readonly consumedTo: Map<string, number>
}

/** Takes an event that came before the run began, for this run alone; where others look as well. */
export type Claims = (seq: number, run: number) => Promise<boolean>

/** Events that were accepted: durable, each once, in the order in which they came. */
export class Inbox {
  readonly #database: Database
  readonly #commits: GroupCommit
  readonly #clock: Clock
  readonly #settings: { readonly earlyEvents: number }
  readonly #claims: Claims
  /** Called when new events are durable. */
  readonly received: () => void
  /** Identities that are on their way to the disk. */
  readonly #arriving = new Map<string, Promise<void>>()
  /** Runs in memory that listen, by event type. */
  readonly #listeners = new Map<string, Map<Pending, LiveRun>>()
  /** Events that some run has consumed and whose commit is on its way. */
  readonly #claimed = new Set<number>()

  constructor(
    database: Database,
    commits: GroupCommit,
    clock: Clock,
    settings: { readonly earlyEvents: number },
    received: () => void,
    claims: Claims = async () => true,
  ) {
    this.#claims = claims
    this.#database = database
    this.#commits = commits
    this.#clock = clock
    this.#settings = settings
    this.received = received
  }

  /**
   * Makes events durable; one whose `source` and `id` are known is not accepted again. `record` is written in the
   * same transaction.
   */
  async publish(events: readonly CloudEvent[], record: readonly Statement[] = []): Promise<PublishReceipt[]> {
    for (const event of events) check(event)
    const known = await this.#known(events)
    const now = this.#clock.now()
    const rows: SqlValue[][] = []
    const others: Promise<void>[] = []
    const fresh: string[] = []
    const receipts = events.map((event) => {
      const identity = identityOf(event.source, event.id)
      const arriving = this.#arriving.get(identity)
      const duplicate = known.has(identity) || arriving !== undefined || fresh.includes(identity)
      if (arriving) others.push(arriving)
      if (!duplicate) {
        fresh.push(identity)
        rows.push(this.row(event, now))
      }
      return { source: event.source, id: event.id, duplicate }
    })
    if (rows.length + record.length > 0) {
      const written = this.#commits.write({ events: rows, statements: record })
      for (const identity of fresh) this.#arriving.set(identity, written)
      try {
        await written
      } finally {
        for (const identity of fresh) this.#arriving.delete(identity)
      }
      this.received()
    }
    await Promise.all(others)
    return receipts
  }

  /** The row of a new event, but for its number: that is given when it is written. */
  row(event: CloudEvent, now: number): SqlValue[] {
    return [event.source, event.id, event.type, now, 0, JSON.stringify(event)]
  }

  /**
   * The next event for a run, in the order in which events came: of those since its start that it has not consumed,
   * and of the earlier ones that nobody has consumed and that are not too old.
   */
  async next(
    run: Listener,
    pending: { scannedTo: number },
    filters: readonly EventFilter[],
  ): Promise<FoundEvent | undefined> {
    const { firstEvent, startedAt } = run.row
    const types = typesOfAny(filters)
    const oldest = startedAt - this.#settings.earlyEvents
    const kind = types.join()
    let from = pending.scannedTo || run.consumedTo.get(kind) || (await this.#before(oldest, firstEvent))
    let allConsumed = pending.scannedTo === 0
    const sql =
      'SELECT seq, consumed, data FROM inbox WHERE seq > ? ' +
      (types.includes(anyType) ? '' : `AND type IN (${types.map(() => '?').join(', ')}) `) +
      'AND (seq >= ? OR (consumed IN (0, ?) AND received_at >= ?)) ORDER BY seq LIMIT ?'
    for (;;) {
      const rows = await this.#database.query<{ seq: number; consumed: number; data: string }>(sql, [
        from,
        ...(types.includes(anyType) ? [] : types),
        firstEvent,
        -run.row.number,
        oldest,
        pageSize,
      ])
      for (const { seq, data } of rows) {
        if (run.consumed.has(seq)) {
          if (allConsumed) run.consumedTo.set(kind, seq)
          continue
        }
        allConsumed = false
        if (seq < firstEvent && this.#claimed.has(seq)) continue
        const event = JSON.parse(data) as CloudEvent
        const filter = filters.findIndex((candidate) => matches(candidate, event))
        if (filter < 0 || (seq < firstEvent && !(await this.#claims(seq, run.row.number)))) continue
        return { seq, event, filter }
      }
      from = rows.at(-1)?.seq ?? from
      pending.scannedTo = from
      if (rows.length < pageSize) return undefined
    }
  }

  /** Events received later than `oldest` come after this number. */
  async #before(oldest: number, firstEvent: number): Promise<number> {
    const [row] = await this.#database.query<{ seq: number }>(
      'SELECT seq FROM inbox WHERE received_at >= ? ORDER BY received_at, seq LIMIT 1',
      [oldest],
    )
    return Math.min(row?.seq ?? firstEvent, firstEvent) - 1
  }

  /** Some run consumes the event. Call the answer when that is durable. */
  claim(seq: number): () => void {
    this.#claimed.add(seq)
    return () => this.#claimed.delete(seq)
  }

  /** A run in memory listens, until `pending.stop`. */
  listen(run: LiveRun, pending: Pending, filters: readonly EventFilter[]): void {
    const types = typesOfAny(filters)
    for (const type of types) {
      let listeners = this.#listeners.get(type)
      if (!listeners) this.#listeners.set(type, (listeners = new Map<Pending, LiveRun>()))
      listeners.set(pending, run)
    }
    pending.stop = () => {
      for (const type of types) {
        const listeners = this.#listeners.get(type)
        listeners?.delete(pending)
        if (listeners?.size === 0) this.#listeners.delete(type)
      }
    }
  }

  /** The runs in memory that wait for such an event. */
  listenersOf(event: CloudEvent): Set<LiveRun> {
    const found = new Set<LiveRun>()
    for (const type of [event.type, anyType]) {
      for (const [pending, run] of this.#listeners.get(type) ?? []) {
        const { request } = pending
        if (request.kind !== 'event' || found.has(run)) continue
        if (request.filters.some((filter) => matches(filter, event))) found.add(run)
      }
    }
    return found
  }

  async #known(events: readonly CloudEvent[]): Promise<Set<string>> {
    const bySource = new Map<string, string[]>()
    for (const { source, id } of events) bySource.set(source, [...(bySource.get(source) ?? []), id])
    const known = new Set<string>()
    for (const [source, ids] of bySource) {
      for (let at = 0; at < ids.length; at += pageSize) {
        const some = ids.slice(at, at + pageSize)
        const places = some.map(() => '?').join(', ')
        const rows = await this.#database.query<{ id: string }>(
          `SELECT id FROM inbox WHERE source = ? AND id IN (${places})`,
          [source, ...some],
        )
        for (const { id } of rows) known.add(identityOf(source, id))
      }
    }
    return known
  }
}

function identityOf(source: string, id: string): string {
  return JSON.stringify([source, id])
}

function check(event: CloudEvent): void {
  const wanting = (['id', 'source', 'type'] as const).find(
    (name) => typeof event[name] !== 'string' || event[name] === '',
  )
  if (wanting) throw new SluseError('SLUSE-EVENT-INVALID', `The attribute '${wanting}' is missing or empty.`)
  if (event.specversion !== '1.0') throw new SluseError('SLUSE-EVENT-INVALID', 'specversion must be "1.0".')
}
