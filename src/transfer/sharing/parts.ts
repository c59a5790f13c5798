import { commitIf, type Database, type Statement } from '../../database/index.ts'
import { hasCode } from '../../errors.ts'
import type { Part, Parts, PartsOptions } from '../parts.ts'
import type { Board, View } from './board.ts'
import { lostError } from './held.ts'
import type { HeldJob } from './holds.ts'
import { offerParts, readOutputs, settleParts, takeBackPart, type PartRow } from './part-rows.ts'
import { Worth } from './worth.ts'

export interface SharedPartsOptions extends PartsOptions {
  readonly database: Database
  readonly board: Board
  readonly held: HeldJob
  /** When nobody has taken a part for so long it is done here, for the others may be busy, or leave the job alone. */
  readonly patienceMs?: number
}

/** Of the input of one part, as text: what is more is done here. */
const mostInput = 8 * 1024 * 1024
/** Of the inputs of all parts of a job that others have or may take. */
const mostInputs = 32 * 1024 * 1024
/** Of what is written at once: what else this process writes waits for it. */
const mostAtOnce = 8 * 1024 * 1024
/** Outputs that are read at once. */
const outputsAtOnce = 4

/** A part on its way. */
interface Item {
  readonly number: number
  readonly part: Part<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  state: 'waiting' | 'here' | 'offering' | 'offered' | 'given' | 'ended'
  /** Whether nobody else is to do it. */
  own: boolean
  /** Of its input, as text; the most that there may be while that is made. */
  bytes: number
  /** When it was offered, by `performance.now()`. */
  offeredAt: number
  /** Since when nobody has it, by `performance.now()`. */
  freeSince: number
  /** Whether another had it at the last look. */
  taken: boolean
}

/**
 * The parts of a job that this process has, done here and by the others: as many here as is this process's share, and what
 * is more is offered to them. An offer that nobody has taken is taken back when there is room here.
 */
export class SharedParts implements Parts {
  readonly #options: SharedPartsOptions
  /** In order; those that have ended are not among them. */
  readonly #items = new Map<number, Item>()
  readonly #unfollow: () => void
  readonly #worth: Worth
  #timer: NodeJS.Timeout | undefined
  #others: number
  #settled: number[] = []
  #toOffer: { item: Item; input: string }[] = []
  #offering = false
  #takingBack: Item | undefined
  readonly #aborted = () => this.close()
  #closed = false

  constructor(options: SharedPartsOptions) {
    this.#options = options
    // Whoever asks for parts asks for twice as many as may be under way.
    this.#worth = new Worth(options.worthMs ?? 0, 2 * options.concurrency)
    this.#others = options.board.others
    this.#unfollow = options.board.follow((view) => this.#look(view))
    options.held.signal.addEventListener('abort', this.#aborted, { once: true })
  }

  do<T>(part: Part<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(this.#reason() as Error)
      const number = this.#options.held.nextPart()
      this.#items.set(number, {
        ...{
          number,
          part,
          reject,
          state: 'waiting',
          own: !part.input,
          bytes: 0,
          offeredAt: 0,
          freeSince: 0,
          taken: false,
        },
        resolve: (value) => resolve(value as T),
      })
      this.#pump()
    })
  }

  settled(): readonly Statement[] {
    const numbers = this.#settled
    this.#settled = []
    return settleParts(this.#options.held, numbers)
  }

  /** What is done here is waited for as before. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unfollow()
    // The job may have many parts, one after the other.
    this.#options.held.signal.removeEventListener('abort', this.#aborted)
    clearTimeout(this.#timer)
    for (const item of this.#items.values()) {
      if (item.state !== 'here') this.#end(item, () => item.reject(this.#reason()))
    }
  }

  #reason(): unknown {
    const { signal } = this.#options.held
    return signal.aborted ? signal.reason : new Error('The job has ended.')
  }

  /** Begins what may be begun, in order. */
  #pump(): void {
    if (this.#closed) return
    const { concurrency, alone = concurrency } = this.#options
    const most = this.#others === 0 ? alone : concurrency
    for (const item of this.#items.values()) {
      if (item.state !== 'waiting') continue
      if (this.#underWay() >= most) return
      const isWorth = this.#isWorth()
      if (this.#here() < this.#share() || item.own || isWorth === false) this.#begin(item)
      else if (isWorth === undefined) return this.#pumpSoon()
      else if (this.#offered() + mostInput <= mostInputs) this.#offer(item)
      else return
    }
  }

  /** Whether to hand parts over is of use; `undefined` where that is not known yet. */
  #isWorth(): boolean | undefined {
    return this.#others > 0 && this.#worth.of(performance.now(), this.#all('offering', 'offered').length > 0)
  }

  #pumpSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#pump(), this.#worth.knownIn(performance.now()))
  }

  #all(...states: readonly Item['state'][]): Item[] {
    return [...this.#items.values()].filter(({ state }) => states.includes(state))
  }

  #underWay(): number {
    return this.#all('here', 'offering', 'offered').length
  }

  #here(): number {
    return this.#all('here').length
  }

  #offered(): number {
    return this.#all('offering', 'offered').reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** How many this process does itself before others are asked. */
  #share(): number {
    return Math.max(1, Math.ceil(this.#options.concurrency / (this.#others + 1)))
  }

  #begin(item: Item): void {
    item.state = 'here'
    this.#worth.begin(performance.now())
    item.part
      .here()
      .finally(() => this.#worth.end(performance.now()))
      .then(
        (value) => this.#end(item, () => item.resolve(value)),
        (error: unknown) => this.#end(item, () => item.reject(error)),
      )
  }

  #end(item: Item, tell: () => void): void {
    if (item.state === 'ended') return
    item.state = 'ended'
    this.#items.delete(item.number)
    tell()
    if (this.#closed) return
    this.#pump()
    void this.#takeBack()
  }

  #offer(item: Item): void {
    item.state = 'offering'
    item.bytes = mostInput
    const { part } = item
    const make = async () => {
      const input = (await part.input?.()) ?? ''
      if (item.state !== 'offering') return
      item.bytes = input.length
      if (input.length > mostInput) return this.#keep(item)
      this.#toOffer.push({ item, input })
      if (!this.#offering) void this.#offerAll()
      // It may be less than it might have been.
      this.#pump()
    }
    make().catch((error: unknown) => this.#end(item, () => item.reject(error)))
  }

  /** It is to be done here and nowhere else. */
  #keep(item: Item): void {
    item.state = 'waiting'
    item.own = true
    item.taken = false
    this.#pump()
  }

  /** What comes while some are written is written together after them. */
  async #offerAll(): Promise<void> {
    const { held } = this.#options
    this.#offering = true
    while (this.#toOffer.length > 0 && !this.#closed) {
      const some = this.#toOffer.splice(0, this.#manyAtOnce())
      const rows = some.map(({ item: { number }, input }) => ({ number, input }))
      const items = some.map(({ item }) => item).filter(({ state }) => state === 'offering')
      try {
        await held.commit([...this.settled(), ...offerParts(held, rows)])
      } catch (error) {
        // Where the database is away nobody has heard of them.
        for (const item of items) {
          if (hasCode(error, 'SLUSE-STORE-UNREACHABLE')) this.#keep(item)
          else this.#end(item, () => item.reject(error))
        }
        continue
      }
      for (const item of items) {
        if (item.state !== 'offering') continue
        item.state = 'offered'
        item.offeredAt = item.freeSince = performance.now()
        this.#worth.asked(item.offeredAt)
      }
    }
    // With nothing between this and the last look at what there is to offer.
    this.#offering = false
  }

  /** How many of those that are to be offered are written at once; at least one. */
  #manyAtOnce(): number {
    let bytes = 0
    const first = this.#toOffer.findIndex(({ input }) => (bytes += input.length) > mostAtOnce)
    return first === -1 ? this.#toOffer.length : Math.max(1, first)
  }

  #look({ parts, asOf }: View): void {
    const { board } = this.#options
    this.#others = board.others
    if (parts) this.#lookAt(parts, asOf)
    this.#pump()
    void this.#takeBack()
  }

  #lookAt(parts: readonly PartRow[], asOf: number): void {
    const { held } = this.#options
    const rows = new Map<number, PartRow>()
    for (const row of parts) {
      if (row.transfer === held.transfer && row.job === held.job) rows.set(row.number, row)
    }
    const done: Item[] = []
    for (const item of this.#all('offered')) {
      // That its row is gone may be this process's own doing.
      if (item === this.#takingBack) continue
      const row = rows.get(item.number)
      const taken = row?.state === 'open' && row.until > held.now()
      if (item.taken && !taken) item.freeSince = performance.now()
      item.taken = taken
      if (row?.state === 'done') done.push(item)
      else if (row?.state === 'declined') {
        this.#settled.push(item.number)
        this.#keep(item)
      }
      // Only who takes the job over takes them away.
      else if (!row && item.offeredAt < asOf) this.#end(item, () => item.reject(lostError()))
    }
    for (const item of done) item.state = 'given'
    void this.#give(done)
  }

  /** What others have done: a few at a time, for all of them may be much. */
  async #give(items: readonly Item[]): Promise<void> {
    const { database, held } = this.#options
    try {
      for (let at = 0; at < items.length && !this.#closed; at += outputsAtOnce) {
        const some = items.slice(at, at + outputsAtOnce)
        const numbers = some.map(({ number }) => number)
        const outputs = await readOutputs(database, held, numbers)
        for (const item of some) await this.#giveOne(item, outputs.get(item.number))
      }
    } catch (error) {
      for (const item of items) this.#end(item, () => item.reject(error))
    }
  }

  async #giveOne(item: Item, output: string | undefined): Promise<void> {
    if (output === undefined) throw lostError()
    this.#settled.push(item.number)
    try {
      const value = await item.part.from(output)
      this.#worth.answered(performance.now(), item.offeredAt)
      this.#end(item, () => item.resolve(value))
    } catch {
      // What cannot be read is as if it had not been done.
      if (item.state === 'given') this.#keep(item)
    }
  }

  /** One after the other, as long as there is room for them here. */
  async #takeBack(): Promise<void> {
    const item = this.#closed || this.#takingBack ? undefined : this.#toTakeBack()
    if (!item) return
    const { database, held } = this.#options
    this.#takingBack = item
    try {
      const place = { transfer: held.transfer, job: held.job, number: item.number }
      const isBack = await commitIf(database, [takeBackPart(place, held.now())])
      if (item.state !== 'offered') return
      if (isBack) this.#keep(item)
      else item.taken = true
    } catch {
      // The database is away: after the next look at it.
      return
    } finally {
      this.#takingBack = undefined
    }
    await this.#takeBack()
  }

  #toTakeBack(): Item | undefined {
    const first = this.#all('offered').find(({ taken }) => !taken)
    if (!first) return undefined
    const { patienceMs = 250 } = this.#options
    const isLate = performance.now() - first.freeSince > patienceMs
    const isRoom = this.#here() < this.#share() && this.#all('waiting').length === 0
    return isLate || isRoom ? first : undefined
  }
}
