import type { KeySet, Statement } from '../../database/index.ts'
import type { BlockAddress, Extent } from './block.ts'

/**
 * Where datasets lie, each under a name of its own (`DatasetRow.storage`): bytes in segments that only grow. What they
 * say is encrypted before it comes here. How far a dataset is durable (its `Extent`) is the database's to say.
 */
export interface DatasetStorage {
  /** For people: `the folder /var/lib/sluse/datasets`. */
  readonly place: string
  /** How often it is best committed. */
  readonly pace: Pace
  /** Goes on at `extent`: what lies beyond it is never read. One at a time for each dataset. */
  append(name: string, extent: Extent): Promise<Appender>
  read(name: string): SegmentReader
  /** All of it. Nothing to do where there is none. */
  remove(name: string): Promise<void>
  /** What is in nobody's use: a dataset that `isKnown` does not know, or what a crash left of one. Gives their names. */
  sweep(isKnown: (name: string) => Promise<boolean>, now: number): AsyncIterable<string>
  /** Writes something, reads it, and removes it again; says so, or throws what is wrong. */
  check(signal: AbortSignal): Promise<string>
  close(): Promise<void>
}

/** Between two commits: often enough that little is done again, seldom enough that they cost little. */
export interface Pace {
  /** The first come sooner, as till then nobody has anything to deliver. */
  readonly firstMs: number
  readonly everyMs: number
  /** Of lines; at most half of what is kept in memory for those who follow: they see only what is committed. */
  readonly everyBytes: number
}

/** Writes at the end of one dataset. */
export interface Appender {
  write(bytes: Uint8Array, at: BlockAddress): Promise<void>
  /** What is written from now on belongs to this segment, from its start. */
  begin(segment: number): Promise<void>
  /**
   * What was written before the call is durable when this resolves, and counts once these statements are committed,
   * together with the extent.
   */
  sync(): Promise<readonly Statement[]>
  /**
   * The keys that a step has seen. Of what it adds, that counts which had been saved when `sync` was called; `batch` is
   * the last one that is committed, and what was seen after it is forgotten.
   */
  keySet(step: number, batch: number): Promise<KeySet>
  close(): Promise<void>
}

/** Reads one dataset. One at a time. */
export interface SegmentReader {
  /** From `at` on: at least `length` bytes, where there are so many, or more that are at hand. */
  bytes(at: BlockAddress, length: number): Promise<Buffer>
  /** How long a segment is that is not the last. */
  size(segment: number): Promise<number>
  close(): Promise<void>
}
