import type { Source } from '../connectors/index.ts'
import type { Statement } from '../database/index.ts'
import type { FunctionContext } from '../functions/index.ts'
import { fault, WorkflowFault, type Json, type Problem } from '../workflow/index.ts'
import type { Means } from './carry-out.ts'
import { datasetSource } from './dataset-source.ts'
import type { Follower, Staged } from './dataset/staged.ts'
import { DatasetWriter } from './dataset/writer.ts'
import { consignmentOf, openTarget } from './delivering/consignment.ts'
import { deliverAll, type Delivering } from './delivering/deliver-all.ts'
import type { Hold } from './hold.ts'
import type { Job } from './jobs.ts'
import { lettersSource } from './letters-source.ts'
import type { Sharing } from './parts.ts'
import { ahead, readAll, type ReadState } from './reading.ts'
import { isWorthSharing } from './steps/apart.ts'
import { Pipeline } from './steps/pipeline.ts'
import { isPure } from './steps/pure.ts'
import { openThreads } from './steps/threads.ts'
import type { DatasetRow, TargetRow, TransferRow, Trouble } from './store/rows.ts'
import { changeTarget, changeTransfer } from './store/store.ts'
import { problemOfError } from './trouble.ts'

/** A transfer as its rows say that it stands, and its dataset as this process sees it. */
export interface Underway {
  readonly row: TransferRow
  readonly dataset: DatasetRow
  readonly targets: readonly TargetRow[]
  readonly staged: Staged
  /** What functions of its steps are told. */
  readonly context: () => Promise<Omit<FunctionContext, 'signal'>>
  /** Where other processes may do parts of a job. */
  readonly sharing?: Sharing
}

interface OpenSource {
  readonly source: Source
  readonly also?: (position: Json) => readonly Statement[]
  close(): Promise<void>
}

/** The jobs of a transfer: reading, and delivering to each target. They go on from where it stands. */
export class Work {
  readonly #row: TransferRow
  readonly #dataset: DatasetRow
  readonly #targets: readonly TargetRow[]
  readonly #staged: Staged
  readonly #context: Underway['context']
  readonly #sharing: Sharing | undefined
  readonly #means: Means
  readonly #hold: Hold
  readonly #read: ReadState
  readonly #refused: Delivering['refused']
  #readDone: boolean

  constructor({ row, dataset, targets, staged, context, sharing }: Underway, means: Means, hold: Hold) {
    this.#row = row
    this.#dataset = dataset
    this.#targets = targets
    this.#staged = staged
    this.#context = context
    this.#sharing = sharing
    this.#means = means
    this.#hold = hold
    this.#readDone = row.status !== 'reading'
    const { from } = row.plan
    if (from.kind === 'letters') this.#refused = lettersSource(row.id, from, means).refused
    const { position, read, bad, skipped, progress } = row
    this.#read = { position, batch: dataset.batch, read, bad, skipped, progress }
  }

  /** Those that have not ended. */
  jobs(): Job[] {
    const deliveries = this.#targets.map(({ target }) => this.delivery(target))
    return [this.reading(), ...deliveries].filter((job) => job !== undefined)
  }

  /** `undefined` where it has ended. */
  reading(): Job | undefined {
    if (this.#readDone) return undefined
    const { id, source } = this.#row
    const name = `Reading from ${source}`
    return {
      name,
      trouble: this.#row.trouble,
      isReady: () => true,
      progress: () => this.#read.batch,
      run: async (signal) => {
        await this.#readSource(signal)
        const wrong = await this.#unexpected()
        if (wrong) throw new WorkflowFault(wrong)
        await this.#commit([
          changeTransfer(id, { status: 'delivering', trouble: undefined }, this.#means.now()),
        ])
        this.#readDone = true
      },
      troubled: (trouble) => this.#troubled(name, trouble, (now) => [changeTransfer(id, { trouble }, now)]),
      failed: async (error) => problemOfError(error),
    }
  }

  /** `undefined` where it has ended. */
  delivery(index: number): Job | undefined {
    const target = this.#targets[index]
    if (!target || target.status === 'completed' || target.status === 'failed') return undefined
    const { id } = this.#row
    const of = consignmentOf(
      { row: this.#row, dataset: this.#dataset, staged: this.#staged },
      index,
      this.#means,
    )
    const { at, records, delivered, refused, skipped, state } = target
    const position = { at, records, delivered, refused, skipped, state }
    const name = `Delivering to ${target.name}`
    let follower: Follower | undefined
    return {
      name,
      trouble: target.trouble,
      isReady: () => this.#readDone || !waitsForAll(this.#row, index),
      isIdle: () => follower?.waits ?? false,
      progress: () => position.records,
      run: async (signal) => {
        const { target: opened, close } = await openTarget(of.planned, this.#means)
        try {
          await this.#commit([changeTarget(id, index, { status: 'delivering' })])
          follower = this.#staged.follow(position.at)
          await deliverAll({
            ...of,
            target: opened,
            follower,
            state: position,
            commit: (statements) => this.#commit(statements),
            check: () => this.#hold.check(),
            signal,
            sharing: this.#sharing,
            ...(this.#refused && { refused: this.#refused }),
          })
        } finally {
          await close()
        }
      },
      troubled: (trouble) => this.#troubled(name, trouble, () => [changeTarget(id, index, { trouble })]),
      failed: async (error) => {
        const problem = problemOfError(error)
        await this.#commit([
          changeTarget(id, index, { status: 'failed', trouble: undefined, error: problem }),
        ])
        this.#means.log('error', `${name} failed for good.`, { transfer: id, why: reasonOf(problem) })
        return undefined
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
      this.#hold.check()
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
    const shared = plan.concurrency > 1 && isWorthSharing(plan.steps)
    const sharing = shared ? this.#sharing : undefined
    const { concurrency } = plan
    const parts = sharing?.open({ concurrency, alone: ahead * concurrency, worthMs: sharing.worthMs })
    let writer: DatasetWriter | undefined
    let pipeline: Pipeline | undefined
    try {
      this.#hold.check()
      const opened = await DatasetWriter.open({ storage, name, key, extent: this.#staged.extent })
      writer = opened
      this.#staged.beginWriting()
      const { batch } = this.#read
      pipeline = await Pipeline.open({
        ...work,
        functions,
        context: await this.#context(),
        keySet: (step) => opened.keySet(step, batch),
        threads,
      })
      await readAll({
        transfer: { id, dataset, plan, since },
        source,
        pipeline,
        parts,
        writer: opened,
        pace: storage.pace,
        staged: this.#staged,
        state: this.#read,
        commit: (statements) => this.#commit(statements),
        check: () => this.#hold.check(),
        now: this.#means.now,
        signal,
        ...(also && { also }),
        ...(this.#refused && { refused: this.#refused }),
      })
    } finally {
      parts?.close()
      await threads?.close()
      pipeline?.close()
      await writer?.close()
      this.#staged.endWriting()
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

  async #commit(statements: readonly Statement[]): Promise<void> {
    await this.#hold.commit(statements)
    this.#means.advanced(this.#row.id)
  }
}

/** Whether a target is given nothing before all has been read. */
export function waitsForAll({ plan }: Pick<TransferRow, 'plan'>, target: number): boolean {
  return plan.to[target]?.mode === 'replace' || plan.expect?.first === true
}

export function reasonOf({ detail, title, type }: Problem): string {
  return detail ?? title ?? type
}
