import type { Json } from '../../workflow/index.ts'
import { parseLines, type Block, type BlockAddress, type Extent } from './block.ts'
import { DatasetReader, type BlockPlace } from './reader.ts'
import type { DatasetStorage } from './storage.ts'

/** How much of what was staged last is kept in memory for those who follow close behind; see `weightOf`. */
const mostRecent = 20 * 1024 * 1024
/** How long the writer waits for one who follows close behind, in milliseconds. */
const patience = 1000

/** A dataset that is being written by one and followed by many, each at its own pace; only what is durable is seen. */
export class Staged {
  readonly storage: DatasetStorage
  /** `DatasetRow.storage` */
  readonly name: string
  readonly key: Uint8Array
  #extent: Extent
  #sealed: boolean
  #waiting: (() => void)[] = []
  /** Blocks by their address, the oldest first. */
  readonly #recent = new Map<string, Block>()
  #weight = 0
  #given = 0
  #valuesAsked = 0
  readonly #followers = new Set<Follower>()
  #wake: () => void = () => {}
  #writing = false
  #turn = 0

  constructor(storage: DatasetStorage, name: string, key: Uint8Array, extent: Extent, sealed: boolean) {
    this.storage = storage
    this.name = name
    this.key = key
    this.#extent = extent
    this.#sealed = sealed
  }

  get extent(): Extent {
    return this.#extent
  }

  get sealed(): boolean {
    return this.#sealed
  }

  /**
   * A block that was written, and is seen once `grow` says that it is durable. What is forgotten for it is waited for
   * until nobody needs it who follows close behind, as reading it from disk is dear; not for long, if one does not come
   * on.
   */
  async remember(at: BlockAddress, block: Block): Promise<void> {
    const kept = this.#valuesAsked > 0 || this.#given < 2 ? block : { ...block, values: undefined }
    this.#recent.set(keyOf(at), kept)
    this.#weight += weightOf(kept)
    for (const [key, oldest] of this.#recent) {
      if (this.#weight <= mostRecent) break
      await this.#passed(key)
      this.#recent.delete(key)
      this.#weight -= weightOf(oldest)
    }
  }

  /** The records of a block of this dataset: they are kept in memory with the lines as long as somebody asks for them. */
  valuesOf({ values, lines }: Block): readonly Json[] {
    this.#valuesAsked += 1
    return values ?? parseLines(lines)
  }

  /** Resolves once nobody is to be given this block next, or has not come for long. */
  async #passed(key: string): Promise<void> {
    const until = performance.now() + patience
    const isNeeded = () => [...this.#followers].some(({ at }) => keyOf(at) === key)
    for (let left = patience; left > 0 && isNeeded(); left = until - performance.now()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Whether it is this process that writes it. */
  get writing(): boolean {
    return this.#writing
  }

  /** Changes where what was read of the files before may be something else by now. */
  get turn(): number {
    return this.#turn
  }

  /** By a writer that has begun at the extent. */
  beginWriting(): void {
    this.#writing = true
    this.#turn += 1
  }

  /** What was written and is not durable is not there: whoever writes next begins where it is durable. */
  endWriting(): void {
    this.#writing = false
    this.#turn += 1
    for (const [key, block] of this.#recent) {
      if (isWithin(block.next, this.#extent)) continue
      this.#recent.delete(key)
      this.#weight -= weightOf(block)
    }
  }

  /** It is durable up to here, by what another process has written. */
  grownElsewhere(extent: Extent, sealed: boolean): void {
    // What is durable stays so: where less is said, it was said before.
    const more = !isWithin(extent, this.#extent) || (sealed && !this.#sealed)
    if (this.#writing || !more) return
    this.#turn += 1
    this.grow(extent, sealed)
  }

  /** It is durable up to here; with `sealed` that is its end. */
  grow(extent: Extent, sealed: boolean): void {
    this.#extent = extent
    this.#sealed = sealed
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** From `at` on. */
  follow(at: BlockAddress): Follower {
    const follower = new Follower(this, at)
    this.#followers.add(follower)
    return follower
  }

  /** One who follows has come on, or with `left` follows no more. */
  moved(follower: Follower, left = false): void {
    if (left) this.#followers.delete(follower)
    else this.#given += 1
    this.#wake()
  }

  /** Resolves when it has grown, or was sealed, since it was `extent`. */
  grown(extent: Extent, signal: AbortSignal): Promise<void> {
    if (this.#sealed || this.#extent !== extent) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason as Error)
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      this.#waiting.push(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      })
    })
  }

  recent(at: BlockAddress): Block | undefined {
    return this.#recent.get(keyOf(at))
  }
}

function keyOf({ segment, offset }: BlockAddress): string {
  return `${segment}:${offset}`
}

function isBefore(at: BlockAddress, extent: Extent): boolean {
  return at.segment < extent.segment || (at.segment === extent.segment && at.offset < extent.offset)
}

/** Whether all before `at` is durable. */
function isWithin(at: BlockAddress, extent: Extent): boolean {
  return isBefore(at, extent) || (at.segment === extent.segment && at.offset === extent.offset)
}

/** About what a block takes in memory, where values take much more than their text. */
function weightOf({ lines, values }: Block): number {
  return lines.length * (values ? 4 : 2)
}

/** One who follows a dataset. */
export class Follower {
  readonly #staged: Staged
  readonly #reader: DatasetReader
  #at: BlockAddress
  #turn: number
  #waits = false

  constructor(staged: Staged, at: BlockAddress) {
    this.#staged = staged
    this.#at = at
    this.#turn = staged.turn
    this.#reader = new DatasetReader(staged.storage, staged.name, staged.key)
  }

  /** What it is to be given next. */
  get at(): BlockAddress {
    return this.#at
  }

  /** Whether it has all that is there. */
  get waits(): boolean {
    return this.#waits
  }

  /** The block at `address`, waiting for it where it is not there yet; `undefined` at the end of the dataset. */
  async next(address: BlockAddress, signal: AbortSignal): Promise<Block | undefined> {
    this.#at = address
    for (;;) {
      signal.throwIfAborted()
      const { extent, sealed } = this.#staged
      await this.#catchUp()
      const block = isBefore(address, extent)
        ? (this.#staged.recent(address) ?? (await this.#reader.block(address, extent)))
        : undefined
      if (block) this.#at = block.next
      this.#staged.moved(this)
      if (block || sealed) return block
      this.#waits = true
      try {
        await this.#staged.grown(extent, signal)
      } finally {
        this.#waits = false
      }
    }
  }

  /** Of the block at `address`, without reading it, so that others may; `undefined` where none is there yet. */
  async skip(address: BlockAddress): Promise<Omit<BlockPlace, 'at'> | undefined> {
    const { extent } = this.#staged
    await this.#catchUp()
    const recent = isBefore(address, extent) ? this.#staged.recent(address) : undefined
    const place = recent
      ? { first: recent.first, count: recent.count, bytes: recent.lines.length, next: recent.next }
      : await this.#reader.place(address, extent)
    this.#at = place?.next ?? address
    this.#staged.moved(this)
    return place
  }

  async #catchUp(): Promise<void> {
    if (this.#turn === this.#staged.turn) return
    this.#turn = this.#staged.turn
    // Other machines see on a shared folder what a file has grown by when they open it.
    await this.#reader.close()
  }

  close(): Promise<void> {
    this.#staged.moved(this, true)
    return this.#reader.close()
  }
}
