import type { FunctionReference } from '../../functions/index.ts'
import type { Json, Problem } from '../../workflow/index.ts'

/** What is done with each record on its way, as a transfer declares it. Plain data: it is handed to threads. */
export type Step =
  | { readonly kind: 'map'; readonly filter: string }
  | { readonly kind: 'filter'; readonly filter: string }
  | { readonly kind: 'validate'; readonly schema: Json; readonly format: string }
  | { readonly kind: 'deduplicate'; readonly filter: string }
  | { readonly kind: 'call'; readonly function: FunctionReference }

/** Records that are on their way through the steps together. */
export interface Flow {
  readonly values: Json[]
  /** Of each value, from which record of the batch it was made. */
  readonly of: number[]
}

/** A record that a step failed on, or that is none. */
export interface Failed {
  /** Which record of the batch. */
  readonly index: number
  /** Which step, from 0; nothing where it could not be read. */
  readonly step?: number
  /** As it came to that step, as JSON; what could not be read as it stood, cut to 64 kB. */
  readonly body: string
  readonly problem: Problem
}
