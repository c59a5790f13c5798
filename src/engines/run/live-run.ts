import type { Statement } from '../../database/index.ts'
import type { FeedItem } from '../../history/index.ts'
import { SluseError } from '../../errors.ts'
import { Cancelled, Scope, type LifecycleReport, type RunStart } from '../../workflow/index.ts'
import type { Outcome } from '../engine.ts'
import { Arrivals, type Arrival } from './arrivals.ts'
import { Commands, type Control } from './commands.ts'
import { contextOf } from './context.ts'
import { begin, type Postponement } from './effects.ts'
import type { Host, Turning } from './host.ts'
import { failure, recordEnd, strayed } from './outcome.ts'
import { Outstanding } from './outstanding.ts'
import type { Pending, Result } from './pending.ts'
import { Probes } from './probes.ts'
import { Replaying } from './replaying.ts'
import type { RunRow } from './run-row.ts'
import { RunWriter, type Birth } from './run-writer.ts'
import type { Sealer } from './seal.ts'

export type { Arrival, Control }

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
  readonly pending: Map<string, Pending>
  /** Inbox numbers of the events that it has consumed. */
  readonly consumed: Set<number>
  /** By event types: all of these up to this number are consumed, so that a long `listen` need not look again. */
  readonly consumedTo = new Map<string, number>()
  /** Milliseconds since 1970: when the result that was delivered last was recorded. */
  now: number
  /** When it last had something to do. */
  movedAt: number
  readonly #scope = new Scope()
  readonly #writer: RunWriter
  readonly #outstanding: Outstanding
  readonly #replaying: Replaying
  readonly #commands: Commands
  readonly #probes: Probes
  readonly #arrivals: Arrivals
  #outcome: Outcome | undefined
  #over = false
  /** The journal has been given in full. */
  #live = false
  /** Carried on elsewhere. */
  #away = false
  /** Rows in `waits` that wake this run, and must go when it moves; whether they are on the disk already. */
  #parked: { durable: boolean } | undefined

  constructor(core: Host, { row, start, sealer, items, birth }: LiveRunParts) {
    this.core = core
    this.row = row
    this.start = start
    this.sealer = sealer
    this.now = row.startedAt
    this.movedAt = core.clock.now()
    const cancel = () => this.#scope.cancel(new Cancelled('run-cancelled'))
    const writer = new RunWriter(core.commits, row, sealer)
    const outstanding = new Outstanding(this)
    this.#writer = writer
    this.#outstanding = outstanding
    this.pending = outstanding.all
    const give = (pending: Pending, result: Result) => this.#give(pending, result)
    this.#arrivals = new Arrivals({ run: this, writer, outstanding, give })
    this.#replaying = new Replaying(items, {
      ...{ run: this, outstanding, give, cancel },
      stray: (detail) => this.#stray(detail),
    })
    this.#commands = new Commands(row.status === 'suspended', {
      ...{ run: this, writer, cancel },
      owes: () => this.#arrivals.recorded > 0,
      changed: (held) => this.#changed(held),
    })
    this.#probes = new Probes(this, (arrival) => this.#arrivals.waiting.unshift(arrival))
    this.consumed = new Set(this.#replaying.journal.consumed)
    this.#parked = row.status === 'waiting' ? { durable: true } : undefined
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
    return this.#commands.held
  }

  /** Whether all that is left to do is to wait for what can be found again from the disk. */
  get idle(): boolean {
    return this.#still && !this.held && [...this.pending.values()].every(({ phase }) => phase === 'waiting')
  }

  /** Whether all that it was given is durable; what is under way for it, it has not been given yet. */
  get atRest(): boolean {
    return this.#over || !this.#live || this.#still
  }

  // What the interpreter says (`context.ts`).

  ask(pending: Pending): void {
    this.#outstanding.add(pending)
    if (!this.#replaying.journal.answers(pending.key)) this.#outstanding.begin(pending)
  }

  drop(pending: Pending): void {
    if (!this.awaits(pending)) return
    this.pending.delete(pending.key)
    pending.stop?.('unwanted')
  }

  report(report: LifecycleReport): void {
    this.#commands.hear(report)
    if (!this.#replaying.journal.repeats()) this.#writer.item({ type: 'report', report, at: this.now })
  }

  // What comes from outside.

  awaits(pending: Pending): boolean {
    return this.#outstanding.awaits(pending)
  }

  arrive(arrival: Arrival): void {
    if (this.#over || !this.awaits(arrival.pending)) return
    if (this.held && this.#live && arrival.pending.request.kind === 'activity') this.#arrivals.record(arrival)
    else this.#arrivals.add(arrival)
    this.look()
  }

  command(control: Control): void {
    if (this.#over) return control.refused(new SluseError('SLUSE-RUN-ENDED', this.row.id))
    this.#commands.add(control)
    this.look()
  }

  /** Looks for events in the inbox; `done` once what it found is durable, or nothing was found. */
  probe(pending?: Pending, done = () => {}): void {
    if (this.#over || this.held) return done()
    this.#probes.add(pending, done)
    this.look()
  }

  /** The activity is to be carried out again at `until`, or when its gate lets it through. */
  postpone(pending: Pending, { until, attempt, gate }: Postponement): void {
    if (this.#over || !this.awaits(pending)) return
    this.#outstanding.putOff(pending, { until, attempt, gate })
    if (this.#live) {
      const at = this.core.clock.now()
      const item = { type: 'postponed', key: pending.key, until, attempt, at } as const
      this.#writer.item(gate === undefined ? item : { ...item, gate })
    }
    begin(this, pending)
    this.look()
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
    return () => pending.passing === true && !this.#over && !this.held && this.awaits(pending)
  }

  /** The effect is due to begin, unless the run is suspended: then when it is resumed. */
  due(pending: Pending): void {
    if (this.#over || !this.awaits(pending)) return
    if (this.#replaying.isAgain(pending)) return begin(this, pending)
    this.#outstanding.begin(pending)
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
    this.#replaying.restart(items)
    this.#outstanding.beginAgain()
    this.look()
  }

  // Turn and rest (`turns.ts`).

  turn(): void {
    if (this.#outcome || this.#isBusy) return
    if (this.#replaying.giveCopy()) return
    if (!this.#live) return this.#replaying.turn(this.#arrivals.waiting)
    if (!this.held && this.#arrivals.giveRecorded()) return
    if (this.#commands.obeyNext() || this.held) return
    if (!this.#arrivals.giveNext()) this.#probes.next()
  }

  rest(): void {
    if (this.#isBusy) return
    if (this.#outcome) return this.#end(this.#outcome)
    if (!this.#live && this.#replaying.done) this.#goLive()
    if (this.#live) this.#send()
    if (this.#hasMore) this.look()
    else this.#settle()
  }

  /** Nothing can be given to it now. */
  get #isBusy(): boolean {
    return this.#over || this.#probes.busy || this.#commands.asking || this.#away
  }

  #goLive(): void {
    this.#live = true
    this.#outstanding.putOffAsRecorded(this.#replaying.journal.postponed)
    this.core.runs.ready(this)
  }

  #give(pending: Pending, result: Result): void {
    this.movedAt = this.core.clock.now()
    this.#outstanding.remove(pending)
    pending.settle(result)
  }

  /** It is suspended, or goes on. */
  #changed(held: boolean): void {
    this.#parked = undefined
    if (held) for (const tell of this.#probes.takeAll()) tell()
    else
      for (const pending of this.pending.values()) if (pending.request.kind === 'event') this.probe(pending)
  }

  get #hasMore(): boolean {
    if (this.#replaying.journal.copyDue) return true
    if (!this.#live) return this.#replaying.hasMore(this.#arrivals.waiting)
    if (this.#commands.waiting > 0) return true
    return !this.held && this.#arrivals.waiting.length + this.#arrivals.recorded + this.#probes.waiting > 0
  }

  get #still(): boolean {
    return !this.#over && this.#live && !this.#hasMore && !this.#probes.busy && this.#writer.quiet
  }

  /** Hands what the run did to the next commit; the effects that it asked for begin after it. */
  #send(): void {
    this.#outstanding.beginAfterwards()
    if (this.#parked && this.#writer.weighs) {
      this.#parked = undefined
      this.#writer.statement(...this.core.standing.active(this))
    }
    this.#writer.send(() => this.look())
  }

  /** At rest with nothing to do: waits here, parks, or is stuck and says so. */
  #settle(): void {
    if (!this.#live) return
    if (this.pending.size === 0 && !this.held)
      return this.#end(this.#failed(new Error('The run waits for nothing.')))
    if (!this.#still) return
    if (!this.held) {
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
    if (this.#parked) {
      // Without its rows nobody would find it: what came before they are there would never wake it.
      if (leaves && this.#parked.durable) this.#leave()
      return
    }
    const parked = { durable: false }
    this.#parked = parked
    const durable = () => {
      parked.durable = true
      if (leaves && this.#parked === parked && this.idle) this.#leave()
      else this.look()
    }
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
    const early = !this.#live && this.#replaying.journal.expects
    const real = early ? strayed('It ended before its journal did.') : outcome
    this.#scope.cancel(endedReason)
    this.#over = true
    recordEnd(real, { run: this, writer: this.#writer, wasParked: this.#parked !== undefined })
    for (const tell of this.#probes.takeAll()) this.#writer.durable(tell)
    this.#commands.refuseAll(() => new SluseError('SLUSE-RUN-ENDED', this.row.id))
    this.#writer.send(() => {})
  }

  #stray(detail: string): void {
    this.#live = true
    this.#outcome = strayed(detail)
    this.core.log('error', 'A run does not replay as it was recorded.', { run: this.row.id, detail })
  }

  #failed(error: unknown): Outcome {
    return failure(error, this, this.#scope.reason !== undefined)
  }
}

/** Made once: an error with its stack for each run's end would cost more than the end. */
const endedReason = new Cancelled('ended')
