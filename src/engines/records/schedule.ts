import type { Statement } from '../../database/index.ts'
import { milliseconds, type CloudEvent } from '../../workflow/index.ts'
import type { InboxEvent } from '../run/host.ts'
import * as sql from '../run/statements.ts'
import type { Unit } from '../run/unit.ts'
import type { Pinned } from './definitions.ts'
import { Line } from './line.ts'
import type { NewRun } from './new-run.ts'
import type { Records } from './records.ts'
import { Gathering, type Taken } from './schedule-events.ts'
import { policyOf, timesOf, type SchedulePolicy, type Times } from './schedule-times.ts'

/** What is recorded of a schedule. */
export interface ScheduleRow {
  readonly number: number
  /** Milliseconds since 1970. */
  readonly nextDue: number | undefined
  /** Events before this number have been dealt with, durably. */
  readonly firstEvent: number
  readonly queued: number
}

/** A time that is this late was not missed: the process was merely busy. */
const stillOnTime = 60_000

const pageSize = 200

/**
 * The schedule of one deployed definition: when its next run is due, which events it waits for, and what is left for
 * when the run under way has ended. Each start is one transaction with what caused it.
 */
export class Schedule {
  readonly number: number
  readonly policy: SchedulePolicy
  readonly #core: () => Records
  readonly #times: Times | undefined
  /** For `after`: milliseconds from the end of a run to the next. */
  readonly #pause: number | undefined
  readonly #gathering: Gathering | undefined
  /**
   * Events are dealt with one after the other, as far as to the commit that they are in: `firstEvent` is written with
   * each, and must not pass one whose commit comes later.
   */
  readonly #line = new Line()
  definition: Pinned
  #nextDue: number | undefined
  #firstEvent: number
  /** Runs that are due and wait for the one under way (`overlap: queue`). */
  #queued: number
  #underWay = 0
  /** Of those, how many are on their way to the records. */
  #starting = 0
  /** Events wait for the run under way (`overlap: queue`). */
  #behind: boolean
  /** Those are being dealt with. */
  #catchingUp = false
  /** Resolves when the last start by an event is durable. */
  #started: Promise<void> = Promise.resolve()
  #stopped = false
  #disarm = () => {}

  /** `kept`: the events that it has gathered so far. */
  constructor(core: () => Records, definition: Pinned, row: ScheduleRow, kept: readonly Taken[]) {
    const { workflow } = definition
    const { after, on } = workflow.schedule ?? {}
    this.#core = core
    this.number = row.number
    this.definition = definition
    this.policy = policyOf(workflow)
    this.#times = timesOf(workflow, this.policy)
    this.#pause = after === undefined ? undefined : milliseconds(after)
    this.#gathering = on ? new Gathering(workflow, kept) : undefined
    this.#nextDue = row.nextDue
    this.#firstEvent = row.firstEvent
    this.#queued = row.queued
    this.#behind = this.policy.overlap === 'queue' && on !== undefined
  }

  /** Starts what is due; with so many of its runs under way. */
  begin(underWay: number): void {
    this.#underWay = underWay
    this.#goOn()
  }

  stop(): void {
    this.#stopped = true
    this.disarm()
  }

  /** Nothing is due until it goes on. */
  disarm(): void {
    this.#disarm()
  }

  /** The pipeline is enabled again: what was missed is treated as after a time without the process. */
  resume(fromEvent: number): void {
    // What came while a run was under way was passed over, and stays so.
    if (this.policy.overlap === 'skip') this.#firstEvent = Math.max(this.#firstEvent, fromEvent)
    this.#behind = this.#gathering !== undefined
    this.#goOn()
  }

  /** Resolves when no start by an event is on its way to the records. */
  get started(): Promise<void> {
    return this.#started
  }

  /** Events from this number on are still waiting for the run under way. */
  get waitsFrom(): number {
    // For one that is disabled, events are kept for as long as any that nobody has waited for yet.
    return (this.#behind || this.#catchingUp) && !this.#isPaused ? this.#firstEvent : Infinity
  }

  get hasRuns(): boolean {
    return this.#underWay > 0
  }

  /** In the transaction in which one of its runs ends. */
  runEnded(at: number): Statement[] {
    if (this.#pause === undefined) return []
    this.#nextDue = at + this.#pause
    return [this.#setDue()]
  }

  /** One of its runs has ended, and that is durable. */
  afterRun(): void {
    this.#underWay--
    this.#goOn()
  }

  /** For an engine whose runs end in other processes. Call the answer with what is recorded after this. */
  observed(): (running: number, nextDue: number | undefined) => void {
    const before = this.#starting
    return (running, nextDue) => {
      // One that was on its way to the records meanwhile is in one of the two numbers, or in both.
      const underWay = running + Math.max(before, this.#starting)
      if (underWay >= this.#underWay) return
      this.#underWay = underWay
      if (this.#pause !== undefined) this.#nextDue ??= nextDue
      this.#goOn()
    }
  }

  get #isPaused(): boolean {
    return this.#core().pauses.from(this.definition.reference) !== undefined
  }

  #goOn(): void {
    this.#arm()
    this.#next()
  }

  // Times.

  #arm(): void {
    this.disarm()
    if (this.#nextDue === undefined || this.#stopped || this.#isPaused) return
    const { timers } = this.#core()
    this.#disarm = timers.set(this.#nextDue, () => void this.#due())
  }

  async #due(): Promise<void> {
    const { clock, commits } = this.#core()
    const nextDue = this.#nextDue
    if (nextDue === undefined || this.#stopped || this.#isPaused) return
    const now = clock.now()
    if (nextDue > now) return this.#arm()
    const times = this.#times
    if (!times) {
      // `after`: the next time is known when the run has ended.
      this.#nextDue = undefined
      return this.#start({ input: {}, by: 'schedule', statements: [this.#setDue()] }).durable
    }
    const last = times.lastUntil(now, nextDue)
    const count = this.policy.missed === 'all' ? this.#missed(times, nextDue, last) : 1
    const missed = now - last > stillOnTime
    this.#nextDue = times.after(last)
    if (this.policy.missed === 'skip' && missed) commits.add({ statements: [this.#setDue()] })
    else for (let left = count; left > 0; left--) await this.#startDue()
    this.#arm()
  }

  #missed(times: Times, first: number, last: number): number {
    const { settings, log } = this.#core()
    let count = 1
    for (let time = first; time < last && count <= settings.maxMissedRuns; count++)
      time = times.after(time) ?? last
    if (count <= settings.maxMissedRuns) return count
    log('warn', 'More runs of a schedule were missed than are made up for.', { ...this.definition.reference })
    return settings.maxMissedRuns
  }

  async #startDue(): Promise<void> {
    const { commits } = this.#core()
    const { overlap } = this.policy
    if (this.hasRuns && overlap === 'skip') return commits.add({ statements: [this.#setDue()] })
    if (this.hasRuns && overlap === 'queue') {
      this.#queued++
      return commits.add({ statements: [this.#setDue(), this.#setQueued()] })
    }
    await this.#start({ input: {}, by: 'schedule', statements: [this.#setDue()] }).durable
  }

  /** What waited for the run under way. */
  #next(): void {
    if (this.hasRuns || this.#stopped || this.#isPaused) return
    if (this.#queued > 0) {
      this.#queued--
      this.#start({ input: {}, by: 'schedule', statements: [this.#setQueued()] })
    } else if (this.#behind) void this.#line.add(() => this.#catchUp())
  }

  #setDue(): Statement {
    const sql = 'UPDATE schedules SET next_due = ? WHERE number = ?'
    return { sql, parameters: [this.#nextDue ?? null, this.number] }
  }

  #setQueued(): Statement {
    return {
      sql: 'UPDATE schedules SET queued = ? WHERE number = ?',
      parameters: [this.#queued, this.number],
    }
  }

  // Events.

  /** Takes an event if it waits for it; resolves when what follows is durable. */
  async take(event: InboxEvent): Promise<void> {
    if (!this.#gathering) return
    const { durable } = await this.#line.add(() => this.#give(event))
    await durable
  }

  /** What was left while a run was under way. What comes meanwhile is behind this in the line. */
  async #catchUp(): Promise<void> {
    const { database, log, clock, timers } = this.#core()
    this.#catchingUp = true
    try {
      for (let from = this.#firstEvent; ;) {
        const rows = await database.query<{ seq: number; data: string }>(
          'SELECT seq, data FROM inbox WHERE seq >= ? ORDER BY seq LIMIT ?',
          [from, pageSize],
        )
        this.#behind = false
        for (const { seq, data } of rows) {
          await this.#give({ seq, event: JSON.parse(data) as CloudEvent })
          if (this.#behind || this.#stopped) return
          from = seq + 1
        }
        if (rows.length === 0) return
      }
    } catch (error) {
      log('error', 'Events of a schedule cannot be read; trying again.', { error: String(error) })
      this.#behind = true
      timers.set(clock.now() + 1000, () => this.#next())
    } finally {
      this.#catchingUp = false
    }
  }

  /** Resolves when what follows is sure to be written before what the next event does. */
  async #give(event: InboxEvent): Promise<{ durable: Promise<void> }> {
    const { overlap } = this.policy
    const pausedFrom = this.#core().pauses.from(this.definition.reference) ?? Infinity
    if (event.seq >= pausedFrom) this.#behind = true
    if (event.seq < this.#firstEvent || this.#behind) return settled
    if (this.hasRuns && overlap === 'queue') this.#behind = true
    if (this.hasRuns && overlap !== 'allow') return settled
    const taking = this.#gathering?.take(event)
    if (!taking) return settled
    this.#firstEvent = event.seq + 1
    const position = {
      sql: 'UPDATE schedules SET first_event = ? WHERE number = ?',
      parameters: [this.#firstEvent, this.number],
    }
    if ('kept' in taking) {
      const { seq, group, filter } = taking.kept
      const keep = {
        sql: 'INSERT INTO schedule_events (schedule, seq, correlation, filter, data) VALUES (?, ?, ?, ?, ?)',
        parameters: [this.number, seq, String(group), filter, JSON.stringify(event.event)],
      }
      // A run is written a moment after it is made, and this at once.
      await this.#started
      const statements = [keep, position, sql.consumed(seq)]
      return { durable: this.#write({ schedule: this.number, statements }) }
    }
    const group = taking.starts[0]?.group ?? event.seq
    const release = {
      sql: 'DELETE FROM schedule_events WHERE schedule = ? AND correlation = ?',
      parameters: [this.number, String(group)],
    }
    const consumed = taking.starts.map(({ seq }) => seq)
    const statements = [
      ...(taking.starts.length > 1 ? [release] : []),
      position,
      ...consumed.map((seq) => sql.consumed(seq)),
    ]
    const start = this.#start({ input: taking.input, by: 'event', consumed, statements })
    this.#started = start.durable
    await start.made
    return { durable: start.durable }
  }

  #write(unit: Unit): Promise<void> {
    return new Promise((durable) => this.#core().commits.add({ ...unit, durable }))
  }

  /** A run is tried to be made until it is, and then to be written. Runs are written in the order in which they are made. */
  #start(spec: NewRun): { readonly made: Promise<void>; readonly durable: Promise<void> } {
    this.#underWay++
    this.#starting++
    let markMade = () => {}
    const made = new Promise<void>((resolve) => (markMade = resolve))
    const durable = new Promise<void>((resolve) => {
      const durable = () => {
        this.#starting--
        resolve()
      }
      const create = async (): Promise<void> => {
        const core = this.#core()
        try {
          await core.runs.create(this.definition, { ...spec, schedule: this.number, durable })
          markMade()
        } catch (error) {
          core.log('error', 'A scheduled run cannot be started; trying again.', { error: String(error) })
          if (!this.#stopped) core.timers.set(core.clock.now() + 1000, () => void create())
        }
      }
      void create()
    })
    return { made, durable }
  }
}

const settled = { durable: Promise.resolve() }
