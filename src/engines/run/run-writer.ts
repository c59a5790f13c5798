import type { SqlValue, Statement } from '../../database/index.ts'
import { encodeItems, type FeedItem } from '../../history/feed.ts'
import { toColumns, type RunRow } from './run-row.ts'
import type { Host } from './host.ts'
import type { Sealer } from './seal.ts'

/** What is in a new run's first transaction beside the run, and who waits for it. */
export interface Birth {
  readonly statements?: readonly Statement[]
  durable?(): void
  /** Without it the start is tried until it can be written. */
  refused?(error: unknown): void
  /** As of a `Unit`. */
  overtaken?(): void
}

/**
 * Gathers what a run does in a turn, and hands it to the next commit as one row of the journal with all that belongs
 * to it. Reports weigh nothing: no effect need wait for them. Results, events and statements do.
 */
export class RunWriter {
  readonly #commits: Host['commits']
  readonly #row: RunRow
  readonly #sealer: Sealer
  #birth: Birth | undefined
  #items: FeedItem[] = []
  #statements: Statement[] = []
  #events: SqlValue[][] = []
  #durable: (() => void)[] = []
  #inFlight = 0
  #heavyInFlight = 0
  /** Callbacks of the last row that weighs and is on its way. */
  #after: (() => void)[] = []

  constructor(commits: Host['commits'], row: RunRow, sealer: Sealer) {
    this.#commits = commits
    this.#row = row
    this.#sealer = sealer
  }

  /** For a new run: its row goes with its first row of the journal. */
  born(birth: Birth, items: readonly FeedItem[]): void {
    this.#birth = birth
    this.#items.push(...items)
  }

  item(item: FeedItem): void {
    this.#items.push(item)
  }

  statement(...statements: readonly Statement[]): void {
    this.#statements.push(...statements)
  }

  /** A row of the inbox. */
  event(row: SqlValue[]): void {
    this.#events.push(row)
  }

  /** Called back with the next row's commit. */
  durable(callback: () => void): void {
    this.#durable.push(callback)
  }

  get unsent(): boolean {
    return this.#items.length + this.#statements.length + this.#events.length > 0
  }

  /** Whether there is something that effects must wait for. */
  get weighs(): boolean {
    return (
      this.#statements.length + this.#events.length > 0 || this.#items.some(({ type }) => type !== 'report')
    )
  }

  get quiet(): boolean {
    return !this.unsent && this.#inFlight === 0
  }

  /** Calls back once all that the run has done so far is durable; at once where it is. */
  afterwards(callback: () => void): void {
    if (this.#commits.effectsWait === false) callback()
    else if (this.weighs) this.#durable.push(callback)
    else if (this.#heavyInFlight > 0) this.#after.push(callback)
    else callback()
  }

  /** Sends this by itself, behind what was sent; where it cannot be written it is given up, and `refused` is told. */
  alone(
    items: readonly FeedItem[],
    statements: readonly Statement[],
    { durable, refused }: Required<Pick<Birth, 'durable' | 'refused'>>,
  ): void {
    this.#inFlight++
    this.#commits.add({
      feed: { run: this.#row.number, data: this.#sealer.write(encodeItems([...items])) },
      statements,
      durable: () => {
        this.#inFlight--
        durable()
      },
      refused: (error) => {
        this.#inFlight--
        refused(error)
      },
    })
  }

  /** Sends what there is; `settled` is called when a commit leaves nothing on its way. */
  send(settled: () => void): void {
    if (!this.unsent) return
    const { weighs } = this
    const birth = this.#birth
    const items = this.#items
    const after = this.#durable
    const events = this.#events
    const statements = birth?.statements ? [...birth.statements, ...this.#statements] : this.#statements
    this.#birth = undefined
    this.#items = []
    this.#durable = []
    this.#events = []
    this.#statements = []
    this.#inFlight++
    if (weighs) {
      this.#heavyInFlight++
      this.#after = after
    }
    const { refused } = birth ?? {}
    this.#commits.add({
      ...(birth && { newRuns: [toColumns(this.#row)], schedule: this.#row.schedule }),
      ...(items.length > 0 && {
        feed: { run: this.#row.number, data: this.#sealer.write(encodeItems(items)) },
      }),
      events,
      statements,
      durable: () => {
        this.#inFlight--
        if (weighs) this.#heavyInFlight--
        birth?.durable?.()
        for (const callback of after) callback()
        if (this.quiet) settled()
      },
      ...(refused && { refused: (error: unknown) => refused(error) }),
    })
  }
}
