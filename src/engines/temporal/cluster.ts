import type { Client } from '@temporalio/client'
import type { Gatekeeper } from '../embedded/index.ts'
import type { Member } from '../../members/index.ts'
import type { ActivityRunner } from '../engine.ts'
import type { GroupCommit } from '../records/group-commit.ts'
import type { Inbox } from '../records/inbox.ts'
import type { Limiter } from '../records/limiter.ts'
import type { Records } from '../records/records.ts'
import type { UnfinishedEffects } from './ahead/unfinished.ts'
import type { ClusterRuns } from './cluster-runs.ts'
import type { Ending } from './ending.ts'
import type { Libraries } from './libraries.ts'
import type { TemporalSettings } from './options.ts'
import type { SearchAttributes } from './search-attributes.ts'
import type { UnderWay } from './under-way.ts'

/** The parts of the engine in one process, which know each other through this. Made in `open.ts`. */
export interface Cluster extends Records {
  readonly settings: TemporalSettings
  /** This process among those of the installation. */
  readonly member: Member
  readonly activities: ActivityRunner
  readonly commits: GroupCommit
  readonly runs: ClusterRuns
  readonly inbox: Inbox
  readonly underWay: UnderWay
  readonly ending: Ending
  /** Effects that are under way in this process, however they came to be. */
  readonly limiter: Limiter
  readonly unfinished: UnfinishedEffects
  readonly gatekeeper: Gatekeeper | undefined
  readonly client: Client
  readonly libraries: Libraries
  readonly taskQueue: string
  readonly searchAttributes: SearchAttributes
  /** Of this process's worker, to which runs that it begins are bound; `undefined` where runs are bound to none. */
  build?: string
  /** Whether Temporal answered when it was asked last. */
  temporalIsThere(): boolean
  /** Asks Temporal; given up when the engine closes, and then it never resolves: the answer is nobody's any more. */
  ask<T>(call: () => Promise<T>): Promise<T>
  /** Something happened here that whoever leads should look at now rather than a moment later. */
  notify(): void
}
