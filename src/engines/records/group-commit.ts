import { insertRows, type Database, type SqlValue, type Statement } from '../../database/index.ts'
import { hasCode } from '../../errors.ts'
import type { Log } from '../run/host.ts'
import { runColumns } from '../run/run-row.ts'
import type { Unit } from '../run/unit.ts'

const inboxColumns = ['seq', 'source', 'id', 'type', 'received_at', 'consumed', 'data'] as const

const shortestPause = 100
const longestPause = 5000

/**
 * One commit for all that is due at the time: while one is on its way to the disk, what comes meanwhile gathers
 * for the next. So hundreds of runs share an fsync, and a lone one waits for nobody.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #log: Log
  #waiting: Unit[] = []
  #inFlight = false
  #scheduled = false
  #pause = 0
  #retry: NodeJS.Timeout | undefined
  readonly #last: { journal: number; inbox: number }
  readonly #numbering: 'here' | 'database'
  #idle: (() => void)[] = []

  /**
   * `last` are the highest numbers ever given in the journal and in the inbox. Where other processes write as well,
   * the database gives the numbers, and those who write there take turns.
   */
  constructor(
    database: Database,
    last: { journal: number; inbox: number },
    log: Log,
    numbering: 'here' | 'database' = 'here',
  ) {
    this.#numbering = numbering
    this.#database = database
    this.#last = { ...last }
    this.#log = log
  }

  /** Events from here on are yet to come. */
  get nextEvent(): number {
    return this.#last.inbox + 1
  }

  /** Where others write as well: what the inbox has come to. */
  async learn(): Promise<void> {
    const [row] = await this.#database.query<{ seq: number | null }>('SELECT max(seq) AS seq FROM inbox')
    this.#last.inbox = Math.max(this.#last.inbox, row?.seq ?? 0)
  }

  /** The highest number in the journal. */
  get lastRow(): number {
    return this.#last.journal
  }

  get writable(): boolean {
    return this.#pause === 0
  }

  add(unit: Unit): void {
    this.#waiting.push(unit)
    // Who asks while writing fails has the answer at once, and what waits gets another try.
    if (this.#pause === 0 || unit.refused) this.#schedule()
  }

  /** Adds a unit that somebody waits for. */
  write(unit: Omit<Unit, 'durable' | 'refused'>): Promise<void> {
    return new Promise((resolve, reject) => this.add({ ...unit, durable: resolve, refused: reject }))
  }

  /** Resolves when nothing is waiting or on its way. */
  drained(): Promise<void> {
    if (!this.#inFlight && this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  stop(): void {
    clearTimeout(this.#retry)
    this.#waiting = []
  }

  #schedule(): void {
    if (this.#inFlight || this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    if (this.#inFlight || this.#waiting.length === 0) return
    clearTimeout(this.#retry)
    this.#inFlight = true
    const units = this.#waiting
    this.#waiting = []
    const error = await this.#commit(units)
    if (error === undefined) {
      if (this.#pause > 0) this.#log('info', 'Writing works again.')
      this.#pause = 0
    } else {
      // One unit that can never be written must not hold up the others.
      const left =
        units.length > 1 && !hasCode(error, 'SLUSE-STORE-FULL') && !hasCode(error, 'SLUSE-STORE-UNREACHABLE')
          ? await this.#oneByOne(units)
          : this.#refuse(units, error)
      this.#waiting = [...left, ...this.#waiting]
      if (left.length > 0) this.#stall(error)
    }
    this.#inFlight = false
    if (this.#pause === 0 && this.#waiting.length > 0) void this.#flush()
    else if (this.#waiting.length === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Gives the error where they cannot be written. */
  async #commit(units: readonly Unit[]): Promise<unknown> {
    try {
      await this.#database.commit(this.#statements(units))
    } catch (error) {
      return error ?? new Error('unknown')
    }
    for (const unit of units) this.#tell(unit)
    return undefined
  }

  /** Written is written: whoever cannot hear it must not have it written again. */
  #tell(unit: Unit): void {
    try {
      unit.durable?.()
    } catch (error) {
      this.#log('error', 'What follows from a commit failed.', reason(error))
    }
  }

  /** Later units of a run or of a schedule build on its earlier ones, so they wait with one that cannot be written. */
  async #oneByOne(units: readonly Unit[]): Promise<Unit[]> {
    const left: Unit[] = []
    const stuck = new Set<string>()
    for (const unit of units) {
      const lines = linesOf(unit)
      if (!lines.some((line) => stuck.has(line))) {
        const error = await this.#commit([unit])
        if (error === undefined || this.#refuse([unit], error).length === 0) continue
      }
      for (const line of lines) stuck.add(line)
      left.push(unit)
    }
    return left
  }

  #refuse(units: readonly Unit[], error: unknown): Unit[] {
    const isGivenUp = ({ refused, overtaken }: Unit) =>
      refused !== undefined || (overtaken !== undefined && hasCode(error, 'SLUSE-STORE-CHANGED'))
    for (const unit of units) {
      if (unit.refused) unit.refused(error)
      else if (isGivenUp(unit)) unit.overtaken?.()
    }
    return units.filter((unit) => !isGivenUp(unit))
  }

  #stall(error: unknown): void {
    if (this.#pause === 0)
      this.#log('error', 'The database refuses to write: runs stand still.', reason(error))
    this.#pause = Math.min(Math.max(this.#pause * 2, shortestPause), longestPause)
    this.#retry = setTimeout(() => void this.#flush(), this.#pause)
  }

  #statements(units: readonly Unit[]): Statement[] {
    const newRuns = units.flatMap((unit) => unit.newRuns ?? [])
    const others = units.flatMap((unit) => unit.statements ?? [])
    if (this.#numbering === 'database') return [...unnumbered(units, newRuns), ...others]
    // Numbered here, so that what is written later has the higher number: readers go by it.
    const events: SqlValue[][] = []
    const journal: SqlValue[][] = []
    for (const unit of units) {
      for (const event of unit.events ?? []) events.push([++this.#last.inbox, ...event])
      for (const { run, data } of [...(unit.feed ? [unit.feed] : []), ...(unit.feeds ?? [])])
        journal.push([++this.#last.journal, run, data])
    }
    return [
      ...insertRows('runs', runColumns, newRuns),
      ...insertRows('inbox', inboxColumns, events, 'ON CONFLICT DO NOTHING'),
      ...insertRows('journal', ['seq', 'run', 'data'], journal),
      ...others,
    ]
  }
}

/** A number that becomes visible late would be lost to those who read on from the last one that they saw. */
function unnumbered(units: readonly Unit[], newRuns: readonly (readonly SqlValue[])[]): Statement[] {
  const events = units.flatMap((unit) => unit.events ?? [])
  const journal = units.flatMap(({ feed, feeds = [] }) =>
    [...(feed ? [feed] : []), ...feeds].map(({ run, data }) => [run, data]),
  )
  const inTurn = (turn: string, statements: Statement[]) => statements.map((one) => ({ ...one, turn }))
  return [
    ...insertRows('runs', runColumns, newRuns),
    ...inTurn('inbox', insertRows('inbox', inboxColumns.slice(1), events, 'ON CONFLICT DO NOTHING')),
    ...inTurn('journal', insertRows('journal', ['run', 'data'], journal)),
  ]
}

function linesOf({ feed, schedule }: Unit): string[] {
  return [...(feed ? [`run ${feed.run}`] : []), ...(schedule === undefined ? [] : [`schedule ${schedule}`])]
}

function reason(error: unknown) {
  return { error: error instanceof Error ? error.message : String(error) }
}
