import type { Connections } from '../connectors/index.ts'
import type { Statement } from '../database/index.ts'
import type { FunctionContext, Functions } from '../functions/index.ts'
import { fault, WorkflowFault, type Json, type JsonObject, type Problem } from '../workflow/index.ts'
import type { Keys } from './dataset/keys.ts'
import { Staged } from './dataset/staged.ts'
import type { DatasetStorage } from './dataset/storage.ts'
import { unshared, type Hold } from './hold.ts'
import { doJobs } from './jobs.ts'
import { uriOf } from './plan.ts'
import type { DatasetRow, TargetRow, TransferRow } from './store/rows.ts'
import { changeTransfer, keepLonger, type Store } from './store/store.ts'
import { reasonOf, Work } from './work.ts'

/** What transfers are carried out with. */
export interface Means {
  readonly store: Store
  readonly keys: Keys
  readonly connections: Connections
  readonly functions?: Functions | undefined
  /** Where datasets lie. */
  readonly storage: DatasetStorage
  readonly now: () => number
  readonly random: () => number
  readonly log: (level: 'info' | 'warn' | 'error', message: string, data?: { [key: string]: Json }) => void
  /** Told of every commit of a transfer. */
  readonly advanced: (transfer: string) => void
}

export interface CarryOutOptions {
  readonly context: Omit<FunctionContext, 'signal'>
  readonly signal: AbortSignal
}

/**
 * Carries a transfer out from where it stands to its end, and gives its counts. Throws its fault where it fails for
 * good, `Postponed` where all that is left must wait, and the signal's reason when that aborts; it can then be taken
 * up again.
 */
export async function carryOut(id: string, means: Means, options: CarryOutOptions): Promise<JsonObject> {
  const { row, dataset } = await beginOf(id, means)
  const ended = await endedBefore(row, dataset, means.store)
  if (ended) return ended
  const key = await means.keys.get(dataset.storage)
  const staged = new Staged(means.storage, dataset.storage, key, dataset.extent, dataset.sealed)
  const targets = await means.store.targets(id)
  const context = async () => options.context
  const hold = unshared(means.store.database)
  const work = new Work({ row, dataset, targets, staged, context }, means, hold)
  const { giveUpAfter } = row.plan
  const { now, random } = means
  const problem = await doJobs(work.jobs(), { giveUpAfter, now, random, signal: options.signal })
  return end(id, problem, means, hold)
}

/** The rows of a transfer. */
export async function beginOf(
  id: string,
  { store }: Means,
): Promise<{ row: TransferRow; dataset: DatasetRow }> {
  const row = await store.transfer(id)
  const dataset = row && (await store.dataset(row.dataset))
  if (!row || !dataset) throw fault('runtime', `The transfer ${id} is not there any more.`)
  return { row, dataset }
}

/** What one gave that has completed; `undefined` where it is under way. Throws its fault where it failed. */
export async function endedBefore(
  row: TransferRow,
  dataset: DatasetRow,
  store: Store,
): Promise<JsonObject | undefined> {
  if (row.status === 'completed') return outcomeOf(row, dataset, await store.targets(row.id), store)
  if (row.status === 'failed' || row.status === 'cancelled')
    throw new WorkflowFault(row.error ?? unknownFault)
  return undefined
}

/** All of its jobs have ended, or with `problem` all is over. Gives its counts, or throws its fault. */
export async function end(
  id: string,
  problem: Problem | undefined,
  means: Means,
  hold: Hold,
  also: readonly Statement[] = [],
): Promise<JsonObject> {
  const { store, now } = means
  const { row, dataset } = await beginOf(id, means)
  const targets = await store.targets(id)
  const error = problem ?? failureOf(row, targets)
  const endedAt = now()
  const status = error ? ('failed' as const) : ('completed' as const)
  await hold.commit([
    changeTransfer(id, { status, endedAt, trouble: undefined, ...(error && { error }) }, endedAt),
    keepLonger(dataset.id, endedAt + row.plan.keep),
    ...also,
  ])
  means.advanced(id)
  if (error) throw new WorkflowFault(error)
  return outcomeOf(row, dataset, targets, store)
}

const unknownFault: Problem = { type: 'about:blank', status: 500, title: 'The transfer failed.' }

function failureOf(row: TransferRow, targets: readonly TargetRow[]): Problem | undefined {
  const failed = targets.filter(({ status }) => status === 'failed')
  const [first] = failed
  if (!first) return undefined
  const problem = first.error ?? unknownFault
  const names = failed.map(({ name }) => name).join(', ')
  return {
    ...problem,
    title: 'Delivery failed',
    detail: `Not everything was delivered to ${names}: ${reasonOf(problem)}`,
    transfer: row.id,
    dataset: uriOf(row.dataset),
    targets: countsOf(targets),
  }
}

/** What a transfer gives to its run. */
async function outcomeOf(
  row: TransferRow,
  dataset: DatasetRow,
  targets: readonly TargetRow[],
  store: Store,
): Promise<JsonObject> {
  return {
    transfer: row.id,
    dataset: uriOf(dataset.id),
    read: row.read,
    records: dataset.extent.records,
    bad: row.bad,
    deadLetters: await store.countLetters(row.id),
    targets: countsOf(targets),
  }
}

function countsOf(targets: readonly TargetRow[]): JsonObject {
  return Object.fromEntries(targets.map(({ name, delivered, refused }) => [name, { delivered, refused }]))
}
