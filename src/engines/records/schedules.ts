import type { Statement } from '../../database/index.ts'
import { isObject, milliseconds, type CloudEvent, type Json } from '../../workflow/index.ts'
import type { Definition } from '../../workflow/definition/index.ts'
import type { DefinitionReference, PipelineName } from '../engine.ts'
import type { Pinned } from './definitions.ts'
import type { Unit } from '../run/unit.ts'
import type { InboxEvent } from '../run/host.ts'
import { Line } from './line.ts'
import type { NewRun } from './new-run.ts'
import type { Records } from './records.ts'
import type { RunRow } from '../run/run-row.ts'
import { Gathering, type Taken } from './schedule-events.ts'
import { policyOf, timesOf, type SchedulePolicy, type Times } from './schedule-times.ts'
import * as sql from '../run/statements.ts'

/** The schedule of one deployed definition. */
interface Schedule {
  readonly number: number
  definition: Pinned
  readonly policy: SchedulePolicy
  readonly times: Times | undefined
  /** For `after`: milliseconds from the end of a run to the next. */
  readonly pause: number | undefined
  readonly gathering: Gathering | undefined
  nextDue: number | undefined
  /** Events before this number have been dealt with, durably. */
  firstEvent: number
  /** Runs that are due and wait for the one under way (`overlap: queue`). */
  queued: number
  underWay: number
  /** Of those, how many are on their way to the records. */
  starting: number
  /** Events wait for the run under way (`overlap: queue`). */
  behind: boolean
  /**
   * Events are dealt with one after the other, as far as to the commit that they are in: `firstEvent` is written with
   * each, and must not pass one whose commit comes later.
   */
  readonly line: Line
  /** Resolves when the last start by an event is durable. */
  started: Promise<void>
  disarm: () => void
}

/** A time that is this late was not missed: the process was merely busy. */
const stillOnTime = 60_000

const pageSize = 200

/** Starts the runs of schedules (dsl-reference.md, "Schedule"). Each start is one transaction with what caused it. */
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
    for (const { schedule, runs } of await this.#running()) {
      const known = this.#all.get(schedule)
      if (known) known.underWay = runs
    }
    for (const schedule of this.#all.values()) {
      this.#arm(schedule)
      this.#next(schedule)
    }
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
    for (const row of rows) {
      const schedule = await this.#make(row.number, await definitions.get(row.digest), row.first_event)
      schedule.nextDue = row.next_due ?? undefined
      schedule.queued = row.queued
      this.#lastNumber = Math.max(this.#lastNumber, row.number)
    }
  }

  /** For an engine whose runs end in other processes: what has become of them since. */
  async look(): Promise<void> {
    const waiting = [...this.#all.values()].filter(({ underWay }) => underWay > 0)
    if (waiting.length === 0) return
    const before = new Map(waiting.map((schedule) => [schedule, schedule.starting]))
    const running = new Map((await this.#running()).map(({ schedule, runs }) => [schedule, runs]))
    const due = await this.#core().database.query<{ number: number; next_due: number | null }>(
      'SELECT number, next_due FROM schedules',
    )
    for (const [schedule, starting] of before) {
      // One that was on its way to the records meanwhile is in one of the two numbers, or in both.
      const underWay = (running.get(schedule.number) ?? 0) + Math.max(starting, schedule.starting)
      if (underWay >= schedule.underWay) continue
      schedule.underWay = underWay
      if (schedule.pause !== undefined && schedule.nextDue === undefined) {
        schedule.nextDue = due.find(({ number }) => number === schedule.number)?.next_due ?? undefined
      }
      this.#arm(schedule)
      this.#next(schedule)
    }
  }

  /** Resolves when no start is on its way to the records. */
  async settled(): Promise<void> {
    for (const { started } of this.#all.values()) await started
  }

  #running(): Promise<{ schedule: number; runs: number }[]> {
    return this.#core().database.query(
      'SELECT schedule, count(*) AS runs FROM runs WHERE schedule IS NOT NULL AND ended_at IS NULL GROUP BY schedule',
    )
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
      const schedule = await this.#make(number, pinned, firstEvent)
      schedule.nextDue = nextDue
      this.#arm(schedule)
      this.#next(schedule)
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
    const given: Promise<{ durable: Promise<void> }>[] = []
    for (const schedule of this.#all.values()) {
      if (schedule.gathering) given.push(schedule.line.add(() => this.#give(schedule, event)))
    }
    await Promise.all((await Promise.all(given)).map(({ durable }) => durable))
  }

  /** Events after this number are still waiting for the run under way of some schedule. */
  get settledTo(): number {
    let least = Infinity
    for (const schedule of this.#all.values())
      // For one that is disabled, events are kept for as long as any that nobody has waited for yet.
      if (schedule.behind && !this.#isPaused(schedule)) least = Math.min(least, schedule.firstEvent - 1)
    return least
  }

  /** In the transaction in which a run of a schedule ends. */
  runEnded(run: RunRow, at: number): Statement[] {
    const schedule = run.schedule === undefined ? undefined : this.#all.get(run.schedule)
    if (schedule?.pause === undefined) return []
    schedule.nextDue = at + schedule.pause
    return [setDue(schedule)]
  }

  /** The pipeline was disabled: nothing is due until it is enabled again. */
  pause(pipeline: PipelineName): void {
    for (const schedule of this.#ofPipeline(pipeline)) schedule.disarm()
  }

  /** The pipeline is enabled again: what was missed is treated as after a time without the process. */
  resume(pipeline: PipelineName, fromEvent: number): void {
    for (const schedule of this.#ofPipeline(pipeline)) {
      // What came while a run was under way was passed over, and stays so.
      if (schedule.policy.overlap === 'skip') schedule.firstEvent = Math.max(schedule.firstEvent, fromEvent)
      schedule.behind = schedule.gathering !== undefined
      this.#arm(schedule)
      this.#next(schedule)
    }
  }

  /** A run has ended, and that is durable. */
  afterRun(run: RunRow): void {
    const schedule = run.schedule === undefined ? undefined : this.#all.get(run.schedule)
    if (!schedule) return
    schedule.underWay--
    this.#arm(schedule)
    this.#next(schedule)
  }

  stop(): void {
    this.#stopped = true
    for (const schedule of this.#all.values()) schedule.disarm()
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

  #isPaused({ definition }: Schedule): boolean {
    return this.#core().pauses.from(definition.reference) !== undefined
  }

  async #make(number: number, definition: Pinned, firstEvent: number): Promise<Schedule> {
    const { workflow } = definition
    const { after, on } = workflow.schedule ?? {}
    const policy = policyOf(workflow)
    const schedule: Schedule = {
      number,
      definition,
      policy,
      times: timesOf(workflow, policy),
      pause: after === undefined ? undefined : milliseconds(after),
      gathering: on ? new Gathering(workflow, await this.#kept(number)) : undefined,
      nextDue: undefined,
      firstEvent,
      queued: 0,
      underWay: 0,
      starting: 0,
      behind: policy.overlap === 'queue' && on !== undefined,
      line: new Line(),
      started: Promise.resolve(),
      disarm: () => {},
    }
    this.#all.set(number, schedule)
    return schedule
  }

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

  #forget(schedule: Schedule): void {
    schedule.disarm()
    this.#all.delete(schedule.number)
  }

  // Times.

  #arm(schedule: Schedule): void {
    schedule.disarm()
    if (schedule.nextDue === undefined || this.#stopped || this.#isPaused(schedule)) return
    const { timers } = this.#core()
    schedule.disarm = timers.set(schedule.nextDue, () => void this.#due(schedule))
  }

  async #due(schedule: Schedule): Promise<void> {
    const { clock } = this.#core()
    const { times, nextDue, policy } = schedule
    if (nextDue === undefined || this.#stopped || this.#isPaused(schedule)) return
    const now = clock.now()
    if (nextDue > now) return this.#arm(schedule)
    if (!times) {
      // `after`: the next time is known when the run has ended.
      schedule.nextDue = undefined
      return this.#start(schedule, { input: {}, by: 'schedule', statements: [setDue(schedule)] }).durable
    }
    const last = times.lastUntil(now, nextDue)
    const count = policy.missed === 'all' ? this.#missed(schedule, times, nextDue, last) : 1
    const missed = now - last > stillOnTime
    schedule.nextDue = times.after(last)
    if (policy.missed === 'skip' && missed) this.#core().commits.add({ statements: [setDue(schedule)] })
    else for (let left = count; left > 0; left--) await this.#startDue(schedule)
    this.#arm(schedule)
  }

  #missed(schedule: Schedule, times: Times, first: number, last: number): number {
    const { settings, log } = this.#core()
    let count = 1
    for (let time = first; time < last && count <= settings.maxMissedRuns; count++)
      time = times.after(time) ?? last
    if (count <= settings.maxMissedRuns) return count
    log('warn', 'More runs of a schedule were missed than are made up for.', {
      ...schedule.definition.reference,
    })
    return settings.maxMissedRuns
  }

  async #startDue(schedule: Schedule): Promise<void> {
    const { overlap } = schedule.policy
    const busy = schedule.underWay > 0
    if (busy && overlap === 'skip') return this.#core().commits.add({ statements: [setDue(schedule)] })
    if (busy && overlap === 'queue') {
      schedule.queued++
      return this.#core().commits.add({ statements: [setDue(schedule), setQueued(schedule)] })
    }
    await this.#start(schedule, { input: {}, by: 'schedule', statements: [setDue(schedule)] }).durable
  }

  /** What waited for the run under way. */
  #next(schedule: Schedule): void {
    if (schedule.underWay > 0 || this.#stopped || this.#isPaused(schedule)) return
    if (schedule.queued > 0) {
      schedule.queued--
      this.#start(schedule, { input: {}, by: 'schedule', statements: [setQueued(schedule)] })
    } else if (schedule.behind) void schedule.line.add(() => this.#catchUp(schedule))
  }

  // Events.

  /** What was left while a run was under way. What comes meanwhile is behind this in the line. */
  async #catchUp(schedule: Schedule): Promise<void> {
    const { database, log, clock, timers } = this.#core()
    try {
      for (let from = schedule.firstEvent; ;) {
        const rows = await database.query<{ seq: number; data: string }>(
          'SELECT seq, data FROM inbox WHERE seq >= ? ORDER BY seq LIMIT ?',
          [from, pageSize],
        )
        schedule.behind = false
        for (const { seq, data } of rows) {
          await this.#give(schedule, { seq, event: JSON.parse(data) as CloudEvent })
          if (schedule.behind || this.#stopped) return
          from = seq + 1
        }
        if (rows.length === 0) return
      }
    } catch (error) {
      log('error', 'Events of a schedule cannot be read; trying again.', { error: String(error) })
      schedule.behind = true
      timers.set(clock.now() + 1000, () => this.#next(schedule))
    }
  }

  /** Resolves when what follows is sure to be written before what the next event does. */
  async #give(schedule: Schedule, event: InboxEvent): Promise<{ durable: Promise<void> }> {
    const { overlap } = schedule.policy
    const pausedFrom = this.#core().pauses.from(schedule.definition.reference) ?? Infinity
    if (event.seq >= pausedFrom) schedule.behind = true
    if (event.seq < schedule.firstEvent || schedule.behind) return settled
    if (schedule.underWay > 0 && overlap === 'queue') schedule.behind = true
    if (schedule.underWay > 0 && overlap !== 'allow') return settled
    const taking = schedule.gathering?.take(event)
    if (!taking) return settled
    schedule.firstEvent = event.seq + 1
    const position = {
      sql: 'UPDATE schedules SET first_event = ? WHERE number = ?',
      parameters: [schedule.firstEvent, schedule.number],
    }
    if ('kept' in taking) {
      const { seq, group, filter } = taking.kept
      const keep = {
        sql: 'INSERT INTO schedule_events (schedule, seq, correlation, filter, data) VALUES (?, ?, ?, ?, ?)',
        parameters: [schedule.number, seq, String(group), filter, JSON.stringify(event.event)],
      }
      // A run is written a moment after it is made, and this at once.
      await schedule.started
      const statements = [keep, position, sql.consumed(seq)]
      return { durable: this.#write({ schedule: schedule.number, statements }) }
    }
    const group = taking.starts[0]?.group ?? event.seq
    const release = {
      sql: 'DELETE FROM schedule_events WHERE schedule = ? AND correlation = ?',
      parameters: [schedule.number, String(group)],
    }
    const consumed = taking.starts.map(({ seq }) => seq)
    const statements = [
      ...(taking.starts.length > 1 ? [release] : []),
      position,
      ...consumed.map((seq) => sql.consumed(seq)),
    ]
    const start = this.#start(schedule, { input: taking.input, by: 'event', consumed, statements })
    schedule.started = start.durable
    await start.made
    return { durable: start.durable }
  }

  #write(unit: Unit): Promise<void> {
    return new Promise((durable) => this.#core().commits.add({ ...unit, durable }))
  }

  /** A run is tried to be made until it is, and then to be written. Runs are written in the order in which they are made. */
  #start(
    schedule: Schedule,
    spec: NewRun,
  ): { readonly made: Promise<void>; readonly durable: Promise<void> } {
    schedule.underWay++
    schedule.starting++
    let markMade = () => {}
    const made = new Promise<void>((resolve) => (markMade = resolve))
    const durable = new Promise<void>((resolve) => {
      const durable = () => {
        schedule.starting--
        resolve()
      }
      const create = async (): Promise<void> => {
        const core = this.#core()
        try {
          await core.runs.create(schedule.definition, { ...spec, schedule: schedule.number, durable })
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

function setDue({ number, nextDue }: Schedule): Statement {
  return { sql: 'UPDATE schedules SET next_due = ? WHERE number = ?', parameters: [nextDue ?? null, number] }
}

function setQueued({ number, queued }: Schedule): Statement {
  return { sql: 'UPDATE schedules SET queued = ? WHERE number = ?', parameters: [queued, number] }
}

function removal(number: number): Statement[] {
  return [
    { sql: 'DELETE FROM schedules WHERE number = ?', parameters: [number] },
    { sql: 'DELETE FROM schedule_events WHERE schedule = ?', parameters: [number] },
  ]
}
