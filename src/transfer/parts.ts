import type { Statement } from '../database/index.ts'

/**
 * A job that is done in parts, some of them perhaps by other processes. What a part gives is a promise by itself, so that
 * whoever asks has the parts in order by asking for them in order.
 */
export interface Parts {
  /** Rejects with what `here` throws, and where the job is another's by now. */
  do<T>(part: Part<T>): Promise<T>
  /** To be committed with the job's next checkpoint: of parts that are done nothing is kept. */
  settled(): readonly Statement[]
  /** What is not done is nobody's any more. */
  close(): void
}

export interface Part<T> {
  /** Does it in this process. */
  readonly here: () => Promise<T>
  /**
   * What another process needs for it: a text that says nothing to who has no key. Not given: it is not to be done
   * elsewhere.
   */
  readonly input?: () => Promise<string>
  /** What it is, by the text that the process wrote that did it. */
  readonly from: (output: string) => Promise<T>
}

/** Opens the parts of a job. */
export type OpenParts = (options: PartsOptions) => Parts

export interface PartsOptions {
  /** Most that are under way at a time, over all processes. */
  readonly concurrency: number
  /** Most where there is no other process. Default: `concurrency`. */
  readonly alone?: number
  /**
   * What this process does more quickly it does by itself, in milliseconds a part: others would hear of it too late to be
   * of help. Default: it shares all.
   */
  readonly worthMs?: number
}

/** The processes that may do parts of a job. */
export interface Sharing {
  readonly open: OpenParts
  /** How many there are beside this one, as far as is known. */
  readonly others: () => number
  /** About how long it should take to do a part, where that can be chosen, in milliseconds. */
  readonly partMs: number
  /** What is done more quickly here is not worth being handed over, in milliseconds. */
  readonly worthMs: number
}
