import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow'
import type { RunStatus } from '../../../history/index.ts'
import type { Unit } from '../../run/unit.ts'
import { superseded, type Batch, type Place, type TakenBack } from '../protocol.ts'
import { records } from './records.ts'
import type { Turns } from './rest.ts'

interface Sent extends Batch {
  readonly told: readonly (() => void)[]
}

/**
 * What the run did, on its way to the records: in batches, each written once and in order. A batch goes with the next
 * effect, or by itself where there is none; the batches before it that are not known to be written go along.
 */
export class Commits {
  /** Temporal's own history is what a run goes on from: no effect need wait for the records. */
  readonly effectsWait = false
  /** Where the run is written to. */
  place: Place
  /** How many rows the journal has, with what was sent. */
  rows: number
  readonly #turns: Turns
  readonly #superseded: () => void
  readonly #ended: (status: RunStatus) => void
  #units: Unit[] = []
  #sent: Sent[] = []
  #number: number
  #writing = 0
  /** One that may be refused is under way, by itself. */
  #asking = false

  /**
   * `superseded` is called where another execution has taken the run up meanwhile: nothing is written any more. `ended`
   * where the run has ended: a task of this workflow that Temporal did not accept may have written so, and is done again
   * without the command that it had.
   */
  constructor(
    { place, batch, rows }: Pick<TakenBack, 'place' | 'batch' | 'rows'>,
    turns: Turns,
    superseded: () => void,
    ended: (status: RunStatus) => void,
  ) {
    this.place = place
    this.#number = batch
    this.rows = rows
    this.#turns = turns
    this.#superseded = superseded
    this.#ended = ended
  }

  add(unit: Unit): void {
    this.#units.push(unit)
    this.#turns.schedule()
  }

  get waiting(): boolean {
    return this.#units.length > 0
  }

  /** Whether all is written. */
  get written(): boolean {
    return this.#units.length + this.#sent.length === 0 && !this.#asking
  }

  /** Whether something is on its way by itself. */
  get writing(): boolean {
    return this.#writing > 0 || this.#asking
  }

  /**
   * Writes what waits by itself: when what is under way is written, as it would else be sent again with each that follows,
   * or `now`, where somebody waits for it.
   */
  write(now = false): void {
    if (this.#asking || (this.#writing > 0 && !now)) return
    const [first] = this.#units
    if (first?.refused && this.#sent.length === 0) return this.#ask(first)
    if (first?.refused && this.#writing > 0) return
    const { batches, written } = this.carry()
    this.#writing++
    void records.commit(this.place, batches).then(
      (over) => {
        this.#writing--
        written()
        if (over) this.#ended(over)
      },
      (error: unknown) => this.failed(error),
    )
  }

  /** Of what was carried along: it fails for good only where another execution has taken the run up. */
  failed(error: unknown): void {
    if (!isSuperseded(error)) throw error
    this.#superseded()
    this.#turns.schedule()
  }

  /** What waits, to be written by an effect; call `written` when that is done. */
  carry(): { batches: Batch[]; written: () => void } {
    if (this.#asking) return { batches: [], written: () => {} }
    const alone = this.#units.findIndex(({ refused }) => refused !== undefined)
    const units = this.#units.splice(0, alone < 0 ? this.#units.length : alone)
    if (units.length > 0) {
      const told = units.flatMap((unit) => (unit.durable ? [unit.durable.bind(unit)] : []))
      this.rows += units.filter(({ feed }) => feed).length
      this.#sent.push({ number: ++this.#number, units: units.map(plain), told })
    }
    const upTo = this.#number
    const batches = this.#sent.map(({ number, units }) => ({ number, units }))
    return { batches, written: () => this.#written(upTo) }
  }

  /** All that was sent is written. */
  allWritten(): void {
    this.#written(this.#number)
  }

  /** So it is, and more was written by whoever had been handed the run. */
  takenBack({ place, batch, rows }: TakenBack): void {
    this.allWritten()
    this.place = place
    this.rows = rows
    this.#number = batch
  }

  /** By itself, when all before it is written: so that it can be refused without anything else. */
  #ask(unit: Unit): void {
    this.#units.shift()
    this.#asking = true
    const batch = { number: this.#number + 1, units: [plain(unit)] }
    void records.commitAlone(this.place, batch).then(
      (answer) => {
        this.#asking = false
        if (answer && 'code' in answer) unit.refused?.(answer)
        else {
          if (answer) this.#ended(answer.over)
          this.#number++
          if (unit.feed) this.rows++
          unit.durable?.()
        }
        this.#turns.schedule()
      },
      (error: unknown) => this.failed(error),
    )
  }

  #written(upTo: number): void {
    while ((this.#sent[0]?.number ?? Infinity) <= upTo) {
      const { told } = this.#sent.shift() as Sent
      for (const tell of told) tell()
    }
    this.#turns.schedule()
  }
}

/** A local activity fails with what it threw itself, another one with that as its cause. */
export function isSuperseded(error: unknown): boolean {
  const thrown = error instanceof ActivityFailure ? error.cause : error
  return thrown instanceof ApplicationFailure && thrown.type === superseded
}

/** Without what cannot be sent. */
function plain({ newRuns, events, feed, statements, schedule }: Unit): Unit {
  return {
    ...(newRuns && { newRuns }),
    ...(events && events.length > 0 && { events }),
    ...(feed && { feed }),
    ...(statements && statements.length > 0 && { statements }),
    ...(schedule !== undefined && { schedule }),
  }
}
