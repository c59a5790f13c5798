import type { Connections, Source } from '../connectors/index.ts'
import type { Statement } from '../database/index.ts'
import type { FunctionContext, Functions } from '../functions/index.ts'
import { fault, WorkflowFault, type Json, type JsonObject, type Problem } from '../workflow/index.ts'
import { datasetSource } from './dataset-source.ts'
import type { Keys } from './dataset/keys.ts'
import { Staged } from './dataset/staged.ts'
import type { DatasetStorage } from './dataset/storage.ts'
import { DatasetWriter } from './dataset/writer.ts'
import { deliverAll, type Delivering } from './delivering.ts'
import { doJobs, type Job } from './jobs.ts'
import { lettersSource } from './letters-source.ts'
import { uriOf } from './plan.ts'
import { readAll, type ReadState } from './reading.ts'
import { Pipeline } from './steps/pipeline.ts'
import { isPure } from './steps/pure.ts'
import { openThreads } from './steps/threads.ts'
import type { DatasetRow, TargetRow, TransferRow, Trouble } from './store/rows.ts'
import { changeTarget, changeTransfer, keepLonger, type Store } from './store/store.ts'
import { problemOfError } from './trouble.ts'

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
  const { store } = means
  const row = await store.transfer(id)
  const dataset = row && (await store.dataset(row.dataset))
  if (!row || !dataset) throw fault('runtime', `The transfer ${id} is not there any more.`)
  if (row.status === 'completed') return outcomeOf(row, dataset, await store.targets(id), store)
  if (row.status === 'failed' || row.status === 'cancelled')
    throw new WorkflowFault(row.error ?? unknownFault)

  const key = await means.keys.get(dataset.storage)
  const staged = new Staged(means.storage, dataset.storage, key, dataset.extent, dataset.sealed)
  const targets = await store.targets(id)
  const work = new Work(row, dataset, targets, staged, means, options)
  const { giveUpAfter } = row.plan
  const { now, random } = means
  await doJobs(work.jobs(), { giveUpAfter, now, random, signal: options.signal })
  return work.end()
}

interface OpenSource {
  readonly source: Source
  readonly also?: (position: Json) => readonly Statement[]
  close(): Promise<void>
}

const unknownFault: Problem = { type: 'about:blank', status: 500, title: 'The transfer failed.' }

/** One transfer while it is carried out. */
class Work {
  readonly #row: TransferRow
  readonly #dataset: DatasetRow
  readonly #targets: readonly TargetRow[]
  readonly #staged: Staged
  readonly #means: Means
  readonly #options: CarryOutOptions
  readonly #read: ReadState
  readonly #refused: Delivering['refused']
  #readDone: boolean
  /** Why it fails as a whole. */
  #fault: Problem | undefined
  readonly #failures: { readonly name: string; readonly problem: Problem }[] = []

  constructor(
    row: TransferRow,
    dataset: DatasetRow,
    targets: readonly TargetRow[],
    staged: Staged,
    means: Means,
    options: CarryOutOptions,
  ) {
    this.#row = row
    this.#dataset = dataset
    this.#targets = targets
    this.#staged = staged
    this.#means = means
    this.#options = options
    this.#readDone = row.status !== 'reading'
    const { from } = row.plan
    if (from.kind === 'letters') this.#refused = lettersSource(row.id, from, means).refused
    const { position, read, bad, skipped, progress } = row
    this.#read = { position, batch: dataset.batch, read, bad, skipped, progress }
    for (const { name, status, error } of targets) {
      if (status === 'failed') this.#failures.push({ name, problem: error ?? unknownFault })
    }
  }

  jobs(): Job[] {
    const unfinished = this.#targets.filter(({ status }) => status !== 'completed' && status !== 'failed')
    return [
      ...(this.#readDone ? [] : [this.#readJob()]),
      ...unfinished.map((target) => this.#targetJob(target)),
    ]
  }

  /** All jobs have ended. */
  async end(): Promise<JsonObject> {
    const { store, now } = this.#means
    const { id } = this.#row
    const fault = this.#fault ?? (await this.#failureOfTargets())
    const endedAt = now()
    const keptUntil = keepLonger(this.#dataset.id, endedAt + this.#row.plan.keep)
    const status = fault ? ('failed' as const) : ('completed' as const)
    const end = changeTransfer(
      id,
      { status, endedAt, trouble: undefined, ...(fault && { error: fault }) },
      endedAt,
    )
    await this.#commit([end, keptUntil])
    if (fault) throw new WorkflowFault(fault)
    const [row, dataset] = await Promise.all([store.transfer(id), store.dataset(this.#dataset.id)])
    return outcomeOf(row ?? this.#row, dataset ?? this.#dataset, await store.targets(id), store)
  }

  #readJob(): Job {
    const { id, source } = this.#row
    return {
      name: `Reading from ${source}`,
      trouble: this.#row.trouble,
      isReady: () => true,
      progress: () => this.#read.batch,
      run: async (signal) => {
        await this.#readSource(signal)
        this.#fault = await this.#unexpected()
        if (this.#fault) throw new WorkflowFault(this.#fault)
        await this.#commit([
          changeTransfer(id, { status: 'delivering', trouble: undefined }, this.#means.now()),
        ])
        this.#readDone = true
      },
      troubled: (trouble) =>
        this.#troubled(`Reading from ${source}`, trouble, (now) => [changeTransfer(id, { trouble }, now)]),
      failed: async (error) => {
        this.#fault ??= problemOfError(error)
        return true
      },
    }
  }

  /** To its end, and then lets it know that it may forget what is ours now. */
  async #readSource(signal: AbortSignal): Promise<void> {
    const opened = await this.#openSource()
    try {
      if (!this.#staged.sealed) await this.#stage(opened, signal)
      if (await this.#unexpected()) return
      const row = await this.#means.store.transfer(this.#row.id)
      if (row?.confirmed) return
      if (this.#read.position !== null) await opened.source.confirm?.(this.#read.position, signal)
      await this.#commit([changeTransfer(this.#row.id, { confirmed: true }, this.#means.now())])
    } finally {
      await opened.close()
    }
  }

  async #stage({ source, also }: OpenSource, signal: AbortSignal): Promise<void> {
    const { plan, id, since } = this.#row
    const { key, storage, name } = this.#staged
    const { personal, id: dataset } = this.#dataset
    const { functions } = this.#means
    const work = { steps: plan.steps, personal, key }
    const pure = plan.steps.length > 0 && plan.steps.every(isPure)
    const threads = pure && plan.concurrency > 1 ? openThreads(plan.concurrency, work) : undefined
    let writer: DatasetWriter | undefined
    let pipeline: Pipeline | undefined
    try {
      const opened = await DatasetWriter.open({ storage, name, key, extent: this.#staged.extent })
      writer = opened
      const { batch } = this.#read
      pipeline = await Pipeline.open({
        ...work,
        functions,
        context: this.#options.context,
        keySet: (step) => opened.keySet(step, batch),
        threads,
      })
      await readAll({
        transfer: { id, dataset, plan, since },
        source,
        pipeline,
        writer: opened,
        pace: storage.pace,
        staged: this.#staged,
        state: this.#read,
        commit: (statements) => this.#commit(statements),
        now: this.#means.now,
        signal,
        ...(also && { also }),
        ...(this.#refused && { refused: this.#refused }),
      })
    } finally {
      await threads?.close()
      pipeline?.close()
      await writer?.close()
    }
  }

  async #openSource(): Promise<OpenSource> {
    const { from } = this.#row.plan
    if (from.kind === 'letters') {
      const { source, also } = lettersSource(this.#row.id, from, this.#means)
      return { source, also, close: async () => {} }
    }
    if (from.kind === 'dataset') {
      return { source: await datasetSource(from.dataset, this.#means), close: async () => {} }
    }
    const connection = await this.#means.connections.open(from.connection)
    const opened = connection.source?.(from.options)
    if (!opened) throw fault('configuration', `Nothing can be read from the connection ${from.connection}.`)
    return { source: opened, close: () => connection.close() }
  }

  /** Why the whole of what was read is not to be delivered. */
  async #unexpected(): Promise<Problem | undefined> {
    const { expect } = this.#row.plan
    if (!expect) return undefined
    const { records } = this.#staged.extent
    const wrong = (detail: string): Problem => ({
      type: 'https://sluse.dk/errors/unexpected-count',
      status: 422,
      title: 'Unexpected number of records',
      detail: `${detail} Nothing was delivered that depends on it.`,
      records,
    })
    if (records < expect.atLeast) {
      return wrong(`The source gave ${records} records, but at least ${expect.atLeast} are expected.`)
    }
    if (expect.changeAtMost === undefined) return undefined
    const last = await this.#means.store.lastRead(this.#row.origin, this.#row.id)
    if (!last) return undefined
    const change = (Math.abs(records - last.records) / Math.max(last.records, 1)) * 100
    if (change <= expect.changeAtMost) return undefined
    return wrong(
      `The source gave ${records} records, the time before ${last.records}: that is ${change.toFixed(1)} % of change, and at most ${expect.changeAtMost} % are expected.`,
    )
  }

  #targetJob(target: TargetRow): Job {
    const { plan, id } = this.#row
    const planned = plan.to[target.target]
    if (!planned) throw fault('runtime', `The transfer has no target ${target.target}.`)
    const { at, records, delivered, refused, skipped, state } = target
    const position = { at, records, delivered, refused, skipped, state }
    const waits = planned.mode === 'replace' || plan.expect?.first === true
    const name = `Delivering to ${target.name}`
    return {
      name,
      trouble: target.trouble,
      isReady: () => this.#readDone || !waits,
      progress: () => position.records,
      run: async (signal) => {
        const connection = await this.#means.connections.open(planned.connection)
        try {
          const opened = connection.target?.(planned.options)
          if (!opened) {
            throw fault('configuration', `Nothing can be written to the connection ${planned.connection}.`)
          }
          await this.#commit([changeTarget(id, target.target, { status: 'delivering' })])
          await deliverAll({
            transfer: id,
            dataset: this.#dataset.id,
            index: target.target,
            planned,
            plan,
            personal: this.#dataset.personal,
            target: opened,
            staged: this.#staged,
            state: position,
            commit: (statements) => this.#commit(statements),
            now: this.#means.now,
            signal,
            ...(this.#refused && { refused: this.#refused }),
          })
        } finally {
          await connection.close()
        }
      },
      troubled: (trouble) =>
        this.#troubled(name, trouble, () => [changeTarget(id, target.target, { trouble })]),
      failed: async (error) => {
        const problem = problemOfError(error)
        this.#failures.push({ name: target.name, problem })
        await this.#commit([
          changeTarget(id, target.target, { status: 'failed', trouble: undefined, error: problem }),
        ])
        this.#means.log('error', `${name} failed for good.`, { transfer: id, why: reasonOf(problem) })
        return false
      },
    }
  }

  async #troubled(name: string, trouble: Trouble, change: (now: number) => Statement[]): Promise<void> {
    const { log, now } = this.#means
    log('warn', `${name} failed; it is tried again.`, {
      transfer: this.#row.id,
      attempt: trouble.attempt,
      next: new Date(trouble.due).toISOString(),
      why: reasonOf(trouble.problem),
    })
    await this.#commit(change(now()))
  }

  async #failureOfTargets(): Promise<Problem | undefined> {
    const [first] = this.#failures
    if (!first) return undefined
    const names = this.#failures.map(({ name }) => name).join(', ')
    const targets = await this.#means.store.targets(this.#row.id)
    return {
      ...first.problem,
      title: 'Delivery failed',
      detail: `Not everything was delivered to ${names}: ${reasonOf(first.problem)}`,
      transfer: this.#row.id,
      dataset: uriOf(this.#dataset.id),
      targets: countsOf(targets),
    }
  }

  async #commit(statements: readonly Statement[]): Promise<void> {
    await this.#means.store.database.commit(statements)
    this.#means.advanced(this.#row.id)
  }
}

function reasonOf({ detail, title, type }: Problem): string {
  return detail ?? title ?? type
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
