import type { Json } from '../../workflow/index.ts'
import { parseLines, type Block, type BlockAddress } from './block.ts'
import { DatasetReader } from './reader.ts'
import type { Extent } from './writer.ts'

/** How much of what was staged last is kept in memory for those who follow close behind; see `weightOf`. */
const mostRecent = 32 * 1024 * 1024
/** How long the writer waits for one who follows close behind, in milliseconds: no longer for one who is slow. */
const patience = 250

/** A dataset that is being written by one and followed by many, each at its own pace; only what is durable is seen. */
export class Staged {
  readonly folder: string
  readonly key: Uint8Array
  #extent: Extent
  #sealed: boolean
  #waiting: (() => void)[] = []
  /** Blocks by their address, the oldest first. */
  readonly #recent = new Map<string, Block>()
  #weight = 0
  #valuesWanted = false
  readonly #followers = new Set<Follower>()
  #wake: () => void = () => {}

  constructor(folder: string, key: Uint8Array, extent: Extent, sealed: boolean) {
    this.folder = folder
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

  /** A block that was written, and is seen once `grow` says that it is durable. */
  remember(at: BlockAddress, block: Block): void {
    const kept = this.#valuesWanted ? block : { ...block, values: undefined }
    this.#recent.set(keyOf(at), kept)
    this.#weight += weightOf(kept)
    for (const [key, oldest] of this.#recent) {
      if (this.#weight <= mostRecent) break
      this.#recent.delete(key)
      this.#weight -= weightOf(oldest)
    }
  }

  /** The records of a block of this dataset. Once they are asked for, they are kept in memory with the lines. */
  valuesOf({ values, lines }: Block): readonly Json[] {
    if (values) return values
    this.#valuesWanted = true
    return parseLines(lines)
  }

  /**
   * Waits until what is remembered next makes nobody who follows close behind read from disk what was in memory.
   * Somebody who does not come on is not waited for.
   */
  async room(): Promise<void> {
    const until = performance.now() + patience
    for (let left = patience; left > 0 && this.#isNeeded(); left = until - performance.now()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** It is durable up to here; with `sealed` that is its end. */
  grow(extent: Extent, sealed: boolean): void {
    this.#extent = extent
    this.#sealed = sealed
    for (const wake of this.#waiting.splice(0)) wake()
  }

  follow(): Follower {
    const follower = new Follower(this)
    this.#followers.add(follower)
    return follower
  }

  /** One who follows has come on, or with `left` follows no more. */
  moved(follower: Follower, left = false): void {
    if (left) this.#followers.delete(follower)
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

  /** Whether somebody has yet to be given the block that would be forgotten next. */
  #isNeeded(): boolean {
    if (this.#weight < mostRecent) return false
    const { value: oldest } = this.#recent.keys().next()
    return [...this.#followers].some(({ at }) => keyOf(at) === oldest)
  }
}

function keyOf({ segment, offset }: BlockAddress): string {
  return `${segment}:${offset}`
}

/** About what a block takes in memory, where values take much more than their text. */
function weightOf({ lines, values }: Block): number {
  return lines.length * (values ? 4 : 2)
}

/** One who follows a dataset. */
export class Follower {
  readonly #staged: Staged
  readonly #reader: DatasetReader
  #at: BlockAddress = { segment: 0, offset: 0 }

  constructor(staged: Staged) {
    this.#staged = staged
    this.#reader = new DatasetReader(staged.folder, staged.key)
  }

  /** What it is to be given next. */
  get at(): BlockAddress {
    return this.#at
  }

  /** The block at `address`, waiting for it where it is not there yet; `undefined` at the end of the dataset. */
  async next(address: BlockAddress, signal: AbortSignal): Promise<Block | undefined> {
    this.#at = address
    for (;;) {
      signal.throwIfAborted()
      const { extent, sealed } = this.#staged
      const isDurable =
        address.segment < extent.segment ||
        (address.segment === extent.segment && address.offset < extent.offset)
      const block = isDurable
        ? (this.#staged.recent(address) ?? (await this.#reader.block(address, extent)))
        : undefined
      if (block) this.#at = block.next
      this.#staged.moved(this)
      if (block || sealed) return block
      await this.#staged.grown(extent, signal)
    }
  }

  close(): Promise<void> {
    this.#staged.moved(this, true)
    return this.#reader.close()
  }
}
