import type { Block, BlockAddress } from './block.ts'
import { DatasetReader } from './reader.ts'
import type { Extent } from './writer.ts'

/** How much of what was staged last is kept in memory for those who follow close behind. */
const mostRecentBytes = 16 * 1024 * 1024

/** A dataset that is being written by one and followed by many, each at its own pace; only what is durable is seen. */
export class Staged {
  readonly folder: string
  readonly key: Uint8Array
  #extent: Extent
  #sealed: boolean
  #waiting: (() => void)[] = []
  /** Blocks by their address, the oldest first. */
  readonly #recent = new Map<string, Block>()
  #recentBytes = 0

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
    this.#recent.set(keyOf(at), block)
    this.#recentBytes += block.lines.length
    for (const [key, oldest] of this.#recent) {
      if (this.#recentBytes <= mostRecentBytes) break
      this.#recent.delete(key)
      this.#recentBytes -= oldest.lines.length
    }
  }

  /** It is durable up to here; with `sealed` that is its end. */
  grow(extent: Extent, sealed: boolean): void {
    this.#extent = extent
    this.#sealed = sealed
    for (const wake of this.#waiting.splice(0)) wake()
  }

  follow(): Follower {
    return new Follower(this)
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

/** One who follows a dataset. */
export class Follower {
  readonly #staged: Staged
  readonly #reader: DatasetReader

  constructor(staged: Staged) {
    this.#staged = staged
    this.#reader = new DatasetReader(staged.folder, staged.key)
  }

  /** The block at `address`, waiting for it where it is not there yet; `undefined` at the end of the dataset. */
  async next(address: BlockAddress, signal: AbortSignal): Promise<Block | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const { extent, sealed } = this.#staged
      const isDurable =
        address.segment < extent.segment ||
        (address.segment === extent.segment && address.offset < extent.offset)
      const block = isDurable
        ? (this.#staged.recent(address) ?? (await this.#reader.block(address, extent)))
        : undefined
      if (block || sealed) return block
      await this.#staged.grown(extent, signal)
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}
