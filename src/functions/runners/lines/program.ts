import type { Json } from '../../../workflow/index.ts'
import type { Limits } from '../../limits.ts'

/** A program that reads one line of JSON for each record and writes one for each answer, in the same order. */
export interface Program extends Limits {
  /** For messages: `score:1.0.0`. */
  readonly name: string
  /** Absolute path of what to run. */
  readonly command: string
  readonly arguments: readonly string[]
  /** Where it works (absolute); an empty folder of its own where there is none. */
  readonly folder: string | undefined
  /** All that it is given, beyond the least that programs need. */
  readonly environment: { readonly [name: string]: string }
  /** Records that one process is sent ahead of its answers. */
  readonly window: number
  /** Takes each line that it writes to standard error. */
  readonly log: (line: string) => void
}

/** One record on its way: a line to send, and what becomes of it. */
export interface Ticket {
  readonly batch: Batch
  /** Its place in the batch. */
  readonly index: number
  readonly line: string
  /** It was under way when a process ended, and is now sent alone: then it is clear whether it is the reason. */
  suspect: boolean
}

/** The records that one call has given. */
export interface Batch {
  readonly settle: (index: number, answer: BatchAnswer) => void
  readonly reject: (reason: unknown) => void
  over: boolean
}

export type BatchAnswer = { readonly value: Json } | { readonly failed: string; readonly timeout?: true }
