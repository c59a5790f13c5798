import type { Json, Problem } from '../../workflow/index.ts'
import type { BlockAddress, Extent } from '../dataset/block.ts'
import type { PersonalData } from '../personal.ts'
import type { Plan } from '../plan.ts'

export interface DatasetRow {
  readonly id: string
  /** The name of its key, and of the folder of its files. */
  readonly storage: string
  /** For people: the connection that it was read from, or what it was made of. */
  readonly source: string
  readonly createdAt: number
  readonly extent: Extent
  /** How many batches of the source are in it. */
  readonly batch: number
  /** Whether it is whole. */
  readonly sealed: boolean
  readonly personal: PersonalData | undefined
  readonly expiresAt: number | undefined
  readonly erasedAt: number | undefined
}

/**
 * - `reading`: the source is not read to its end yet; what has been read is being delivered, where it may be
 * - `delivering`: all is staged
 */
export type TransferStatus = 'reading' | 'delivering' | 'completed' | 'failed' | 'cancelled'

export interface TransferRow {
  readonly number: number
  readonly id: string
  /** `run`: an activity of a run carries it out; `replay`: we do, by ourselves. */
  readonly kind: 'run' | 'replay'
  /** The same for each transfer by the same task of the same pipeline. */
  readonly origin: string
  readonly run: string | undefined
  readonly task: string | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly source: string
  readonly plan: Plan
  readonly dataset: string
  readonly status: TransferStatus
  readonly read: number
  readonly bad: number
  readonly skipped: number
  readonly position: Json
  readonly since: Json
  readonly progress: Progress | undefined
  readonly confirmed: boolean
  readonly trouble: Trouble | undefined
  readonly error: Problem | undefined
  readonly startedAt: number
  readonly readAt: number | undefined
  readonly endedAt: number | undefined
}

export interface Progress {
  readonly done: number
  readonly total: number
  readonly unit: 'bytes' | 'records'
}

/** What keeps trying: how often it has failed, since when, and when it tries again. */
export interface Trouble {
  readonly attempt: number
  readonly due: number
  readonly since: number
  readonly problem: Problem
}

export type TargetStatus = 'waiting' | 'delivering' | 'completed' | 'failed'

export interface TargetRow {
  readonly transfer: string
  readonly target: number
  readonly name: string
  readonly connection: string
  readonly mode: string
  readonly status: TargetStatus
  readonly at: BlockAddress
  /** Records of the dataset that are behind it. */
  readonly records: number
  readonly delivered: number
  readonly refused: number
  readonly skipped: number
  readonly state: Json
  readonly trouble: Trouble | undefined
  readonly error: Problem | undefined
}

export type LetterStatus = 'open' | 'replaying' | 'replayed' | 'discarded'

export interface LetterRow {
  readonly number: number
  readonly transfer: string
  readonly dataset: string
  /** The target that refused it; nothing where it was not read, or a step failed on it. */
  readonly target: number | undefined
  readonly targetName: string | undefined
  /** The step that failed on it, from 0. */
  readonly step: number | undefined
  /** Its number in the dataset. */
  readonly record: number | undefined
  readonly origin: string
  /** Encrypted with the dataset's key, base64. */
  readonly body: string
  readonly problem: Problem
  readonly attempts: number
  readonly status: LetterStatus
  readonly createdAt: number
  readonly updatedAt: number
  /** The transfer that replayed it last. */
  readonly replay: string | undefined
}
