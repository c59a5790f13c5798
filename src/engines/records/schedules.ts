import type { Statement } from '../../database/index.ts'
import { isObject, type CloudEvent, type Json } from '../../workflow/index.ts'
import type { Definition } from '../../workflow/definition/index.ts'
import type { DefinitionReference, PipelineName } from '../engine.ts'
import type { InboxEvent } from '../run/host.ts'
import type { RunRow } from '../run/run-row.ts'
import type { Pinned } from './definitions.ts'
import type { Records } from './records.ts'
import { Schedule, type ScheduleRow } from './schedule.ts'
import type { Taken } from './schedule-events.ts'
import { policyOf, timesOf } from './schedule-times.ts'

/** All schedules of the installation (dsl-reference.md, "Schedule"). */
export class Schedules {
  readonly #core: () => Records
  readonly #all = new Map<number, Schedule>()
  #lastNumber = 0
  #stopped = false

  constructor(core: () => Records) {
    this.#core = core
  }

  async open(): Promise<void> {
    await this.load()
    const running = await this.#running()
    for (const schedule of this.#all.values()) schedule.begin(running.get(schedule.number) ?? 0)
  }

  /** Knows them, and starts nothing. */
  async load(): Promise<void> {
    const { database, definitions } = this.#core()
    type Stored = {
      number: number
      digest: string
      next_due: number | null
      first_event: number
      queued: number
    }
    const rows = await database.query<Stored>(
      'SELECT number, digest, next_due, first_event, queued FROM schedules',
    )
    for (const { number, digest, next_due, first_event, queued } of rows) {
      const row = { number, nextDue: next_due ?? undefined, firstEvent: first_event, queued }
      await this.#add(await definitions.get(digest), row)
      this.#lastNumber = Math.max(this.#lastNumber, number)
    }
  }

  /** For an engine whose runs end in other processes: what has become of them since. */
  async look(): Promise<void> {
    const waiting = [...this.#all.values()].filter(({ hasRuns }) => hasRuns)
    if (waiting.length === 0) return
    const tell = waiting.map((schedule) => [schedule.number, schedule.observed()] as const)
    const running = await this.#running()
    const rows = await this.#core().database.query<{ number: number; next_due: number | null }>(
      'SELECT number, next_due FROM schedules',
    )
    const due = new Map(rows.map(({ number, next_due }) => [number, next_due ?? undefined]))
    for (const [number, observed] of tell) observed(running.get(number) ?? 0, due.get(number))
  }

  /** Resolves when no start is on its way to the records. */
  async settled(): Promise<void> {
    for (const { started } of this.#all.values()) await started
  }

  /** What to write so that the definition's schedule runs, and what to do once that is durable. */
  deploy(definition: Definition, pinned: Pinned): Change {
    const old = this.#of(definition.reference)
    if (!definition.workflow.schedule) return old ? this.undeploy(definition.reference) : nothing
    if (old?.definition.digest === pinned.digest) return nothing
    if (old && JSON.stringify(timing(old.definition)) === JSON.stringify(timing(pinned))) {
      const sql = 'UPDATE schedules SET digest = ? WHERE number = ?'
      return {
        statements: [{ sql, parameters: [pinned.digest, old.number] }],
        durable: async () => void (old.definition = pinned),
      }
    }
    const { clock, commits } = this.#core()
    const { namespace, name, version } = definition.reference
    const number = ++this.#lastNumber
    const firstEvent = commits.nextEvent
    const nextDue = firstDue(pinned, clock.now())
    const insert = {
      sql: `INSERT INTO schedules (number, namespace, name, version, digest, next_due, first_event, queued)
            VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
      parameters: [number, namespace, name, version, pinned.digest, nextDue ?? null, firstEvent],
    }
    const durable = async () => {
      if (old) this.#forget(old)
      const schedule = await this.#add(pinned, { number, nextDue, firstEvent, queued: 0 })
      schedule.begin(0)
    }
    return { statements: [...(old ? removal(old.number) : []), insert], durable }
  }

  undeploy(reference: DefinitionReference): Change {
    const old = this.#of(reference)
    if (!old) return nothing
    return { statements: removal(old.number), durable: async () => this.#forget(old) }
  }

  /** Gives an event to the schedules that wait for it; resolves when what follows is durable. */
  async take(event: InboxEvent): Promise<void> {
    await Promise.all([...this.#all.values()].map((schedule) => schedule.take(event)))
  }

  /** Events after this number are still waiting for the run under way of some schedule. */
  get settledTo(): number {
    return Math.min(...[...this.#all.values()].map(({ waitsFrom }) => waitsFrom - 1))
  }

  /** In the transaction in which a run of a schedule ends. */
  runEnded(run: RunRow, at: number): Statement[] {
    return this.#thatStarted(run)?.runEnded(at) ?? []
  }

  /** A run has ended, and that is durable. */
  afterRun(run: RunRow): void {
    this.#thatStarted(run)?.afterRun()
  }

  /** The pipeline was disabled: nothing is due until it is enabled again. */
  pause(pipeline: PipelineName): void {
    for (const schedule of this.#ofPipeline(pipeline)) schedule.disarm()
  }

  /** The pipeline is enabled again; it was disabled since before this event. */
  resume(pipeline: PipelineName, fromEvent: number): void {
    for (const schedule of this.#ofPipeline(pipeline)) schedule.resume(fromEvent)
  }

  /** Nothing is started from here on, by those that are deployed later either. */
  stop(): void {
    this.#stopped = true
    for (const schedule of this.#all.values()) schedule.stop()
  }

  #thatStarted(run: RunRow): Schedule | undefined {
    return run.schedule === undefined ? undefined : this.#all.get(run.schedule)
  }

  #of({ namespace, name, version }: DefinitionReference): Schedule | undefined {
    return [...this.#all.values()].find(({ definition: { reference } }) => {
      return reference.namespace === namespace && reference.name === name && reference.version === version
    })
  }

  #ofPipeline({ namespace, name }: PipelineName): Schedule[] {
    return [...this.#all.values()].filter(
      ({ definition: { reference } }) => reference.namespace === namespace && reference.name === name,
    )
  }

  async #add(definition: Pinned, row: ScheduleRow): Promise<Schedule> {
    const kept = definition.workflow.schedule?.on ? await this.#kept(row.number) : []
    const schedule = new Schedule(this.#core, definition, row, kept)
    this.#all.set(row.number, schedule)
    if (this.#stopped) schedule.stop()
    return schedule
  }

  #forget(schedule: Schedule): void {
    schedule.disarm()
    this.#all.delete(schedule.number)
  }

  /** How many runs of each are under way. */
  async #running(): Promise<Map<number, number>> {
    const rows = await this.#core().database.query<{ schedule: number; runs: number }>(
      'SELECT schedule, count(*) AS runs FROM runs WHERE schedule IS NOT NULL AND ended_at IS NULL GROUP BY schedule',
    )
    return new Map(rows.map(({ schedule, runs }) => [schedule, runs]))
  }

  /** The events that one has gathered so far. */
  async #kept(number: number): Promise<Taken[]> {
    type Stored = { seq: number; correlation: string; filter: number; data: string }
    const rows = await this.#core().database.query<Stored>(
      'SELECT seq, correlation, filter, data FROM schedule_events WHERE schedule = ? ORDER BY seq',
      [number],
    )
    return rows.map(({ seq, correlation, filter, data }) => {
      return { seq, group: Number(correlation), filter, event: JSON.parse(data) as CloudEvent }
    })
  }
}

interface Change {
  readonly statements: readonly Statement[]
  durable(): Promise<void>
}

const nothing: Change = { statements: [], durable: async () => {} }

/** What decides when a definition runs: with it unchanged, a new text goes on where the old one was. */
function timing({ workflow }: Pinned): Json {
  const { metadata } = workflow.document
  const policy = isObject(metadata) ? (metadata.schedule ?? null) : null
  return [workflow.schedule as unknown as Json, policy]
}

/** `every` and `after` run first when they are deployed. */
function firstDue({ workflow }: Pinned, now: number): number | undefined {
  const { every, after, cron } = workflow.schedule ?? {}
  if (every !== undefined || after !== undefined) return now
  return cron === undefined ? undefined : timesOf(workflow, policyOf(workflow))?.after(now)
}

function removal(number: number): Statement[] {
  return [
    { sql: 'DELETE FROM schedules WHERE number = ?', parameters: [number] },
    { sql: 'DELETE FROM schedule_events WHERE schedule = ?', parameters: [number] },
  ]
}
