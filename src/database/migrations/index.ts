import { runsAndEvents } from './0001-runs-and-events.ts'
import { accessAndAudit } from './0002-access-and-audit.ts'
import { approvals } from './0003-approvals.ts'
import { transfers } from './0004-transfers.ts'
import { targets } from './0005-targets.ts'
import { disabledPipelines } from './0006-disabled-pipelines.ts'
import { storageOfDatasets } from './0007-storage-of-datasets.ts'
import { runLogs } from './0008-run-logs.ts'
import { findRuns } from './0009-find-runs.ts'
import { executions } from './0020-executions.ts'
import { sharedTargets } from './0021-shared-targets.ts'
import { objectsOfDatasets } from './0022-objects-of-datasets.ts'
import { oneRowAProcess } from './0031-one-row-a-process.ts'
import { processes } from './0029-processes.ts'
import { transferJobs } from './0024-transfer-jobs.ts'
import { transferParts } from './0030-transfer-parts.ts'
import { longEffects } from './0023-long-effects.ts'

/** In words that both databases know, or in those of each. */
export type SchemaStatement = string | { readonly sqlite: string; readonly postgres: string }

export interface Migration {
  /** That of its file. A number that is missing here may come later: each is applied once, in the order of the list. */
  readonly number: number
  readonly statements: readonly SchemaStatement[]
}

/** All migrations. Never change one; none builds on one with a higher number. */
export const migrations: readonly Migration[] = [
  { number: 1, statements: runsAndEvents },
  { number: 2, statements: accessAndAudit },
  { number: 3, statements: approvals },
  { number: 4, statements: transfers },
  { number: 5, statements: targets },
  { number: 6, statements: disabledPipelines },
  { number: 7, statements: storageOfDatasets },
  { number: 8, statements: runLogs },
  { number: 9, statements: findRuns },
  { number: 20, statements: executions },
  { number: 21, statements: sharedTargets },
  { number: 22, statements: objectsOfDatasets },
  { number: 29, statements: processes },
  { number: 24, statements: transferJobs },
  { number: 23, statements: longEffects },
  { number: 30, statements: transferParts },
  { number: 31, statements: oneRowAProcess },
]
