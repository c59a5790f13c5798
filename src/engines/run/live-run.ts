import type { SqlValue, Statement } from '../../database/index.ts'
import type { FeedItem } from '../../history/index.ts'
import { SluseError } from '../../errors.ts'
import {
  Cancelled,
  problemOf,
  Scope,
  type Json,
  type LifecycleReport,
  type Problem,
  type RunStart,
  type TaskPlace,
} from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'
import { contextOf } from './context.ts'
import { begin, type Postponement } from './effects.ts'
import type { Host, Turning } from './host.ts'
import { defect, reportOf, strayed } from './outcome.ts'
import type { Pending, Result } from './pending.ts'
import { Replay } from './replay.ts'
import type { RunRow } from './run-row.ts'
import { RunWriter, type Birth } from './run-writer.ts'
import type { Sealer } from './seal.ts'
import * as sql from './statements.ts'

/** What a run in memory is made of. */
export interface LiveRunParts {
  readonly row: RunRow
  readonly start: RunStart
  readonly sealer: Sealer
  /** What the journal holds; for a new run what its first row is to hold. */
  readonly items: readonly FeedItem[]
  /** For a new run. */
  readonly birth?: Birth
}

/** A result that waits for the run's turn. */
export interface Arrival {
  readonly pending: Pending
  readonly result: Result
  /** Inbox number of the event that it consumes. */
  readonly event?: number
  /** Not to be stored. */
  readonly secret?: boolean
  /** Gives a row of the inbox to write in the same transaction. */
  readonly emits?: () => SqlValue[]
  readonly statement?: Statement
  /** Called once it is durable. */
  readonly durable?: () => void
}

export interface Control {
  readonly kind: 'cancel' | 'suspend' | 'resume'
  /** Written with what it does; where it cannot be, the command is refused, and nothing of it has happened. */
  readonly record?: readonly Statement[] | undefined
  /** When it was, in milliseconds since 1970: what is left is to do it. */
  readonly written?: number
  durable(): void
  refused(error: unknown): void
}

interface Probe {
  /** The effect to find an event for; without it, all of the run's that wait for one. */
  readonly pending: Pending | undefined
  readonly done: (() => void)[]
}

/**
 * A run in memory: the interpreter's coroutine, the effects that it waits for, and what has arrived for it.
 *
 * It is given one thing a turn, in this order: copies of another run's results, the journal while it replays, results
 * that were recorded while it was suspended, commands of people, and then what arrives. What it does in a turn (the
 * result it was given, what it reported) is one row of the journal; the effects that it then asks for begin only when
 * that row is durable. The coroutine itself goes on at once: nothing of it shows outside before the commit.
 */
export class LiveRun implements Turning {
  readonly core: Host
  readonly row: RunRow
  readonly start: RunStart
  readonly sealer: Sealer
  readonly pending = new Map<string, Pending>()
  /** Inbox numbers of the events that it has consumed. */
  readonly consumed: Set<number>
  /** By event types: all of these up to this number are consumed, so that a long `listen` need not look again. */
  readonly consumedTo = new Map<string, number>()
  /** Milliseconds since 1970: when the result that was delivered last was recorded. */
  now: number
  /** When it last had something to do. */
  movedAt: number
  readonly #scope = new Scope()
  #replay: Replay
  readonly #writer: RunWriter
  readonly #tasks = new Map<string, TaskPlace>()
  #outcome: Outcome | undefined
  #over = false
  /** The journal has been given in full. */
  #live = false
  /** Carried on elsewhere. */
  #away = false
  /** Suspended. */
  #held: boolean
  /** Whether rows in `waits` would wake this run: they must go when it moves. */
  #parked: boolean
  #probing = false
  /** A command is on its way to the records, and is done only when it is there. */
  #asking = false
  /** Within the replay: an effect whose result was not stored is carried out again. */
  #again: { readonly pending: Pending; readonly at: number } | undefined

  #asked: Pending[] = []
  #recorded: Arrival[] = []
  #controls: Control[] = []
  #arrivals: Arrival[] = []
  #probes: Probe[] = []

  constructor(core: Host, { row, start, sealer, items, birth }: LiveRunParts) {
    this.core = core
    this.row = row
    this.start = start
    this.sealer = sealer
    this.now = row.startedAt
    this.movedAt = core.clock.now()
    this.#replay = new Replay(items)
    this.#writer = new RunWriter(core.commits, row, sealer)
    this.consumed = new Set(this.#replay.consumed)
    this.#held = row.status === 'suspended'
    this.#parked = row.status === 'waiting'
    if (birth) {
      const refused = (error: unknown) => {
        this.#leave()
        core.runs.left(this)
        birth.refused?.(error)
      }
      this.#writer.born({ ...birth, ...(birth.refused && { refused }) }, items)
    }
    core.interpret(start, contextOf(this), this.#scope).then(
      (output) => (this.#outcome = { status: 'completed', output }),
      (error: unknown) => (this.#outcome = this.#failed(error)),
    )
    core.turns.schedule(this)
  }

  get over(): boolean {
    return this.#over
  }

  get held(): boolean {
    return this.#held
  }

  /** Whether all that is left to do is to wait for what can be found again from the disk. */
  get idle(): boolean {
    return this.#still && !this.#held && [...this.pending.values()].every(({ phase }) => phase === 'waiting')
  }

  /** Whether all that it was given is durable; what is under way for it, it has not been given yet. */
  get atRest(): boolean {
    return this.#over || !this.#live || this.#still
  }

  // What the interpreter says (`context.ts`).

  ask(pending: Pending): void {
    if (this.pending.has(pending.key)) throw new Error(`Two effects of the run have the key ${pending.key}.`)
    this.pending.set(pending.key, pending)
    if (!this.#replay.answers(pending.key)) this.#asked.push(pending)
  }

  drop(pending: Pending): void {
    if (!this.awaits(pending)) return
    this.pending.delete(pending.key)
    pending.stop?.('unwanted')
  }

  report(report: LifecycleReport): void {
    if (report.kind === 'task.started') this.#tasks.set(report.key, { task: report.task, key: report.key })
    else if ('key' in report && ends.has(report.kind)) this.#tasks.delete(report.key)
    if (!this.#replay.repeats()) this.#writer.item({ type: 'report', report, at: this.now })
  }

  // What comes from outside.

  awaits(pending: Pending): boolean {
    return this.pending.get(pending.key) === pending
  }

  arrive(arrival: Arrival): void {
    if (this.#over || !this.awaits(arrival.pending)) return
    if (this.#held && this.#live && arrival.pending.request.kind === 'activity') this.#record(arrival)
    else this.#arrivals.push(arrival)
    this.look()
  }

  command(control: Control): void {
    if (this.#over) return control.refused(new SluseError('SLUSE-RUN-ENDED', this.row.id))
    this.#controls.push(control)
    this.look()
  }

  /** Looks for events in the inbox; `done` once what it found is durable, or nothing was found. */
  probe(pending?: Pending, done = () => {}): void {
    if (this.#over || this.#held) return done()
    const same = this.#probes.find((probe) => probe.pending === pending)
    if (same) same.done.push(done)
    else this.#probes.push({ pending, done: [done] })
    this.look()
  }

  /** The activity is to be carried out again at `until`, or when its gate lets it through. */
  postpone(pending: Pending, { until, attempt, gate }: Postponement): void {
    if (this.#over || !this.awaits(pending)) return
    this.#wait(pending, { until, attempt, gate })
    if (this.#live) {
      const at = this.core.clock.now()
      const item = { type: 'postponed', key: pending.key, until, attempt, at } as const
      this.#writer.item(gate === undefined ? item : { ...item, gate })
    }
    begin(this, pending)
    this.look()
  }

  #wait(pending: Pending, { until, attempt, gate }: PostponedUntil): void {
    pending.attempt = attempt
    pending.postponedTo = until
    pending.gate = this.core.gates.kept ? gate : undefined
    pending.due = pending.gate === undefined ? until : undefined
  }

  /** What the effect waits for has opened for it; returns whether it is still on its way there. */
  pass(key: string): () => boolean {
    const pending = this.pending.get(key)
    if (pending?.gate === undefined) return () => false
    pending.stop?.('unwanted')
    return this.passed(pending)
  }

  passed(pending: Pending): () => boolean {
    pending.gate = undefined
    pending.passing = true
    // What is asked for begins by itself, as soon as the run is at rest.
    if (pending.phase !== 'asked') this.due(pending)
    return () => pending.passing === true && !this.#over && !this.#held && this.awaits(pending)
  }

  /** The effect is due to begin, unless the run is suspended: then when it is resumed. */
  due(pending: Pending): void {
    if (this.#over || !this.awaits(pending)) return
    if (this.#again?.pending === pending) return begin(this, pending)
    pending.phase = 'asked'
    this.#asked.push(pending)
    this.look()
  }

  /** Adds to the run's next transaction. */
  also(statement: Statement): void {
    this.#writer.statement(statement)
  }

  afterwards(callback: () => void): void {
    this.#writer.afterwards(callback)
  }

  /** Something may have changed: have a turn. */
  look(): void {
    if (!this.#over) this.core.turns.schedule(this)
  }

  /** It is at rest, and somebody else carries it on from the records: nothing is given to it until it is back. */
  handOver(): void {
    this.#away = true
  }

  /** What was recorded meanwhile is given to it; then what it has no result of yet begins anew. */
  takeBack(items: readonly FeedItem[]): void {
    this.#away = false
    this.#live = false
    this.#replay = new Replay(items)
    for (const pending of this.pending.values()) {
      if (pending.phase !== 'working') continue
      pending.phase = 'asked'
      pending.stop = undefined
      this.#asked.push(pending)
    }
    this.look()
  }

  // Turn and rest (`turns.ts`).

  turn(): void {
    if (this.#over || this.#outcome || this.#probing || this.#asking || this.#away) return
    const copy = this.#replay.takeCopy()
    if (copy) return this.#give(this.pending.get(copy.key), resultOf(copy.value, copy.problem))
    if (!this.#live) return this.#turnOfReplay()
    const recorded = this.#held ? undefined : this.#recorded.shift()
    if (recorded)
      return this.awaits(recorded.pending) ? this.#give(recorded.pending, recorded.result) : undefined
    const control = this.#controls.shift()
    if (control) return this.#obey(control)
    if (this.#held) return
    const arrival = this.#arrivals.shift()
    if (arrival) return this.#deliver(arrival)
    const probe = this.#probes.shift()
    if (probe) void this.#lookFor(probe)
  }

  rest(): void {
    if (this.#over || this.#probing || this.#asking || this.#away) return
    if (this.#outcome) return this.#end(this.#outcome)
    if (!this.#live && this.#replay.done && !this.#replay.copyDue && !this.#again) this.#goLive()
    if (this.#live) this.#send()
    if (this.#hasMore) this.look()
    else this.#settle()
  }

  #turnOfReplay(): void {
    if (this.#again) {
      const { pending, at } = this.#again
      const arrival = this.#arrivals.find((candidate) => candidate.pending === pending)
      if (!arrival) return
      this.#arrivals = this.#arrivals.filter((other) => other !== arrival)
      this.#again = undefined
      this.now = at
      return this.#give(pending, arrival.result)
    }
    const entry = this.#replay.take()
    if (!entry) return
    if (entry.type === 'cancel') {
      this.now = entry.at
      return this.#scope.cancel(new Cancelled('run-cancelled'))
    }
    const pending = this.pending.get(entry.key)
    if (!pending) {
      // What was recorded while the run was suspended may have lost a race before it could be given.
      if (entry.type === 'secret' || !entry.queued) this.#stray(`It does not ask for ${entry.key}.`)
    } else if (entry.type === 'secret') {
      this.#again = { pending, at: entry.at }
      this.#asked = this.#asked.filter((asked) => asked !== pending)
      begin(this, pending)
    } else {
      this.now = entry.at
      this.#give(pending, entry.type === 'fault' ? { problem: entry.problem } : { value: entry.value })
    }
  }

  #goLive(): void {
    this.#live = true
    for (const pending of this.#asked) {
      const postponed = this.#replay.postponed.get(pending.key)
      if (!postponed) continue
      this.#wait(pending, postponed)
    }
    this.core.runs.ready(this)
  }

  #deliver(arrival: Arrival): void {
    if (!this.awaits(arrival.pending)) return
    const { event } = arrival
    this.#write(arrival)
    if (event !== undefined) {
      this.consumed.add(event)
      this.#writer.statement(sql.consumed(event))
      this.#writer.durable(this.core.inbox.claim(event))
    }
    this.#give(arrival.pending, arrival.result)
  }

  #give(pending: Pending | undefined, result: Result): void {
    if (!pending) return
    this.movedAt = this.core.clock.now()
    this.pending.delete(pending.key)
    this.#asked = this.#asked.filter((asked) => asked !== pending)
    pending.settle(result)
  }

  #write(arrival: Arrival, queued?: true): void {
    this.now = Math.max(this.now, this.core.clock.now())
    const { pending, result, event, secret, emits, statement, durable } = arrival
    const common = { key: pending.key, at: this.now, ...(queued && { queued }) }
    if ('problem' in result) this.#writer.item({ type: 'fault', ...common, problem: result.problem })
    else if (secret) this.#writer.item({ type: 'secret', key: pending.key, at: this.now })
    else {
      const consumed = event === undefined ? {} : { event }
      this.#writer.item({ type: 'result', ...common, value: result.value, ...consumed })
    }
    if (emits) this.#writer.event(emits())
    if (statement) this.#writer.statement(statement)
    if (durable) this.#writer.durable(durable)
  }

  /** While suspended: what came is kept, and given when the run is resumed. A secret is fetched again instead. */
  #record(arrival: Arrival): void {
    if (arrival.secret) {
      arrival.pending.phase = 'asked'
      this.#asked.push(arrival.pending)
      return
    }
    arrival.pending.phase = 'waiting'
    this.#write(arrival, true)
    this.#recorded.push(arrival)
  }

  async #lookFor(probe: Probe): Promise<void> {
    this.#probing = true
    let { done } = probe
    try {
      for (const pending of probe.pending ? [probe.pending] : [...this.pending.values()]) {
        if (pending.request.kind !== 'event' || !this.awaits(pending)) continue
        const found = await this.core.inbox.next(this, pending, pending.request.filters)
        if (!found) continue
        const value = { event: found.event as Json, filter: found.filter }
        this.#arrivals.unshift({ pending, result: { value }, event: found.seq })
        // There may be another one for another.
        if (!probe.pending) this.#probes.unshift({ pending: undefined, done })
        if (!probe.pending) done = []
        break
      }
    } catch (error) {
      this.core.log('error', 'The inbox cannot be read; trying again.', {
        run: this.row.id,
        error: String(error),
      })
      this.core.timers.set(this.core.clock.now() + 1000, () => this.probe(probe.pending))
    }
    this.#probing = false
    for (const callback of done) this.afterwards(callback)
    this.look()
  }

  #obey(control: Control): void {
    const { kind, record = [], written } = control
    if (written !== undefined) return this.#do(control, written)
    if (kind !== 'cancel' && (kind === 'suspend') === this.#held) {
      return control.refused(
        new SluseError('SLUSE-RUN-STATE', `It is ${this.#held ? 'already' : 'not'} suspended.`),
      )
    }
    const at = Math.max(this.now, this.core.clock.now())
    const items = kind === 'cancel' ? [{ type: 'cancel', at } as const] : this.#tellings(kind, at)
    const { standing } = this.core
    const stands = { cancel: [], suspend: standing.suspended(this), resume: standing.active(this) }[kind]
    if (record.length > 0) return this.#ask(control, at, items, [...record, ...stands])
    for (const item of items) this.#writer.item(item)
    this.#writer.statement(...stands)
    this.#writer.durable(() => control.durable())
    this.#do(control, at)
  }

  #ask(control: Control, at: number, items: readonly FeedItem[], statements: readonly Statement[]): void {
    this.#asking = true
    const answered = (then: () => void) => {
      this.#asking = false
      then()
      this.look()
    }
    this.#writer.send(() => this.look())
    this.#writer.alone(items, statements, {
      durable: () =>
        answered(() => {
          control.durable()
          this.#controls.unshift({ ...control, written: at })
        }),
      refused: (error) => answered(() => control.refused(error)),
    })
  }

  #do(control: Control, at: number): void {
    if (control.kind === 'cancel') {
      this.#held = false
      // What was recorded while it was suspended comes first, as it will in every replay.
      if (this.#recorded.length > 0) return void this.#controls.unshift({ ...control, written: at })
      this.now = Math.max(this.now, at)
      return this.#scope.cancel(new Cancelled('run-cancelled'))
    }
    this.#held = control.kind === 'suspend'
    this.#parked = false
    if (this.#held) for (const { done } of this.#probes.splice(0)) for (const callback of done) callback()
    else
      for (const pending of this.pending.values()) if (pending.request.kind === 'event') this.probe(pending)
  }

  #tellings(kind: 'suspend' | 'resume', at: number): FeedItem[] {
    const state = kind === 'suspend' ? 'suspended' : 'resumed'
    const ofTasks = [...this.#tasks.values()].map(
      (place) => ({ type: 'report', report: { kind: `task.${state}`, ...place }, at }) as const,
    )
    return [{ type: 'report', report: { kind: `workflow.${state}` }, at }, ...ofTasks]
  }

  get #hasMore(): boolean {
    if (this.#replay.copyDue) return true
    if (!this.#live)
      return this.#arrivals.some(({ pending }) => pending === this.#again?.pending) || !this.#again
    if (this.#controls.length > 0) return true
    return !this.#held && this.#arrivals.length + this.#recorded.length + this.#probes.length > 0
  }

  get #still(): boolean {
    return !this.#over && this.#live && !this.#hasMore && !this.#probing && this.#writer.quiet
  }

  /** Hands what the run did to the next commit; the effects that it asked for begin after it. */
  #send(): void {
    if (!this.#held && this.#asked.length > 0) {
      const asked = this.#asked.splice(0)
      this.afterwards(() => {
        for (const pending of asked) {
          if (this.#over || !this.awaits(pending)) continue
          if (this.#held) this.#asked.push(pending)
          else if (this.core.begins?.(this, pending) !== false) begin(this, pending)
        }
      })
    }
    if (this.#parked && this.#writer.weighs) {
      this.#parked = false
      this.#writer.statement(...this.core.standing.active(this))
    }
    this.#writer.send(() => this.look())
  }

  /** At rest with nothing to do: waits here, parks, or is stuck and says so. */
  #settle(): void {
    if (!this.#live) return
    if (this.pending.size === 0 && !this.#held)
      return this.#end(this.#failed(new Error('The run waits for nothing.')))
    if (!this.#still) return
    if (!this.#held) {
      if (this.idle) this.core.parking.idle(this)
    } else if (
      this.core.standing.leaves &&
      [...this.pending.values()].every(({ phase }) => phase !== 'working')
    ) {
      this.#leave()
    }
  }

  /** Leaves memory where runs do that, with rows in `waits` to wake it. */
  park(): void {
    if (!this.idle) return
    const { leaves } = this.core.standing
    if (this.#parked) return leaves ? this.#leave() : undefined
    this.#parked = true
    const durable = () => (leaves && this.#parked && this.idle ? this.#leave() : this.look())
    this.core.commits.add({ statements: this.core.standing.parked(this), durable })
  }

  /** Stops being in memory. What is on disk is all that it takes to come back. */
  #leave(): void {
    if (this.#over) return
    this.#over = true
    for (const { stop, gate } of this.pending.values()) {
      stop?.('leaving')
      if (gate !== undefined) this.core.gates.parked(gate)
    }
    this.core.runs.left(this)
  }

  /** The engine closes: what is under way is interrupted, and carried out again another time. */
  abandon(): void {
    this.#leave()
  }

  #end(outcome: Outcome): void {
    const early = !this.#live && this.#replay.expects
    const real = early ? strayed('It ended before its journal did.') : outcome
    this.#scope.cancel(endedReason)
    this.#over = true
    const { number, id } = this.row
    const at = Math.max(this.now, this.core.clock.now())
    const error = real.status === 'faulted' ? this.sealer.conceal(real.error as Json) : undefined
    this.#writer.item({ type: 'report', report: reportOf(real), at })
    this.#writer.statement(sql.ended(number, real.status, at, error))
    this.#writer.statement(...this.core.standing.ended(this, this.#parked))
    this.#writer.statement(...this.core.schedules.runEnded(this.row, at))
    this.#writer.durable(() => this.core.runs.ended(this, real))
    for (const { done } of this.#probes.splice(0)) for (const callback of done) this.#writer.durable(callback)
    for (const control of this.#controls.splice(0)) control.refused(new SluseError('SLUSE-RUN-ENDED', id))
    this.#writer.send(() => {})
  }

  #stray(detail: string): void {
    this.#live = true
    this.#outcome = strayed(detail)
    this.core.log('error', 'A run does not replay as it was recorded.', { run: this.row.id, detail })
  }

  #failed(error: unknown): Outcome {
    if (error instanceof Cancelled && this.#scope.reason) return { status: 'cancelled' }
    const known: Problem | undefined = problemOf(error)
    if (known) return { status: 'faulted', error: known }
    this.core.log('error', 'A run ended by a defect.', { run: this.row.id, error: String(error) })
    return defect(error)
  }
}

/** Made once: an error with its stack for each run's end would cost more than the end. */
const endedReason = new Cancelled('ended')

const ends: ReadonlySet<string> = new Set(['task.completed', 'task.faulted', 'task.cancelled'])

function resultOf(value: Json, isProblem: boolean | undefined): Result {
  return isProblem ? { problem: value as unknown as Problem } : { value }
}

interface PostponedUntil {
  readonly until: number
  readonly attempt: number
  readonly gate?: string | undefined
}
