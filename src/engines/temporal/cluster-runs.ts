import type { SearchAttributePair } from '@temporalio/common'
import { commitIf, readMark } from '../../database/index.ts'
import type { Outcome } from '../engine.ts'
import type { Pinned } from '../records/definitions.ts'
import { newRun, type NewRun } from '../records/new-run.ts'
import { encodeItems } from '../../history/index.ts'
import { isOver, toColumns, type RunRow } from '../run/run-row.ts'
import { sealerOf } from '../run/seal.ts'
import type { Cluster } from './cluster.ts'
import { detachedId, names } from './protocol.ts'

/** Numbers are taken some at a time, so that few have to be asked for. */
const numbersAtOnce = 20

/**
 * Runs from outside: made durable here, carried out by a workflow that has the run's id. A run whose workflow could not
 * be started is found in `executions`, and started by whoever leads.
 */
export class ClusterRuns {
  readonly #core: () => Cluster
  #numbers: { next: number; end: number } | undefined
  #taking: Promise<void> | undefined

  constructor(core: () => Cluster) {
    this.#core = core
  }

  async create(definition: Pinned, spec: NewRun): Promise<RunRow> {
    const { clock, commits, runtime, records, log } = this.#core()
    const number = await this.#number()
    await commits.learn()
    const given = { number, now: clock.now(), firstEvent: commits.nextEvent, runtime }
    const { row, items } = newRun(definition, spec, given)
    const sealer = sealerOf(row.seal, await records.secrets(row.seal))
    const begun = {
      sql: 'INSERT INTO executions (run, epoch, batch, created_at) VALUES (?, 0, 0, ?)',
      parameters: [number, given.now],
    }
    const { refused, overtaken } = spec
    commits.add({
      newRuns: [toColumns(row)],
      schedule: row.schedule,
      feed: { run: number, data: sealer.write(encodeItems(items)) },
      statements: [begun, ...(spec.statements ?? [])],
      durable: () => {
        spec.durable?.()
        // Whoever leads begins it when Temporal is there again.
        if (!this.#core().temporalIsThere()) return
        this.begin(row).catch((error: unknown) =>
          log('warn', 'A run is durable, and Temporal cannot be reached to start it; trying again.', {
            run: row.id,
            error: String(error),
          }),
        )
      },
      ...(refused && { refused: (error: unknown) => refused(error) }),
      ...(overtaken && { overtaken: () => overtaken() }),
    })
    return row
  }

  /** Starts the run's workflow, unless it is under way; `anew`: also then, in its place. */
  async begin(row: RunRow, how?: 'anew'): Promise<void> {
    const { client, taskQueue, ask, searchAttributes } = this.#core()
    const start = (typedSearchAttributes: SearchAttributePair[]) =>
      client.workflow.start(names.run, {
        workflowId: row.id,
        taskQueue,
        args: [row.number],
        workflowIdConflictPolicy: how === 'anew' ? 'TERMINATE_EXISTING' : 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowTaskTimeout: 10_000,
        ...(typedSearchAttributes.length > 0 && { typedSearchAttributes }),
      })
    try {
      await ask(() => start(searchAttributes.of(row)))
    } catch (error) {
      if (!searchAttributes.lost(error)) throw error
      await ask(() => start([]))
    }
  }

  /** After its workflow was ended: what is recorded is all that it takes to go on, or to tell who waits for it. */
  async goOn(row: RunRow): Promise<void> {
    if (!isOver(row.status)) return this.begin(row)
    const parent = row.parent === undefined ? undefined : await this.#core().records.row(row.parent)
    if (parent && !isOver(parent.status)) await this.tell(parent.id, names.ended, row.id)
  }

  /** Tells the run's workflow. Where there is none, it has ended, or looks by itself when it begins or is set going again. */
  async tell(id: string, signal: string, ...args: readonly string[]): Promise<void> {
    const { client, libraries, ask } = this.#core()
    try {
      await ask(() => client.workflow.getHandle(id).signal(signal, ...args))
    } catch (error) {
      if (!(error instanceof libraries.client.WorkflowNotFoundError)) throw error
    }
  }

  /** Starts what carries out an activity that nobody waits for, unless it is under way; `anew`: also then, in its place. */
  async beginDetached(number: number, id: string, key: string, how?: 'anew'): Promise<void> {
    const { client, taskQueue, ask } = this.#core()
    await ask(() =>
      client.workflow.start(names.detached, {
        workflowId: detachedId(id, key),
        taskQueue,
        args: [number, key],
        workflowIdConflictPolicy: how === 'anew' ? 'TERMINATE_EXISTING' : 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      }),
    )
  }

  /** Resolves when the run has ended, however. */
  async outcome(id: string): Promise<Outcome> {
    const { records, client, clock, ask } = this.#core()
    for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
      const row = await ask(() => records.find(id))
      if (isOver(row.status)) return records.outcome(row)
      try {
        await ask(() => client.workflow.getHandle(id).result())
        pause = 25
      } catch {
        // Not begun, ended meanwhile, or lost: the records tell.
        const again = await ask(() => records.find(id))
        const lost = !isOver(again.status) && clock.now() - again.startedAt > 10_000
        if (lost) await this.begin(again).catch(() => {})
      }
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  async #number(): Promise<number> {
    for (;;) {
      const numbers = this.#numbers
      if (numbers && numbers.next < numbers.end) return numbers.next++
      this.#taking ??= this.#take().finally(() => (this.#taking = undefined))
      await this.#taking
    }
  }

  async #take(): Promise<void> {
    const { database } = this.#core()
    for (;;) {
      const mark = await readMark(database, 'runs')
      const [row] = await database.query<{ number: number | null }>('SELECT max(number) AS number FROM runs')
      const known = mark ?? 0
      const from = Math.max(known, mark === undefined ? (row?.number ?? 0) : 0)
      const end = from + numbersAtOnce
      const change =
        mark !== undefined
          ? { sql: "UPDATE marks SET value = ? WHERE name = 'runs' AND value = ?", parameters: [end, known] }
          : {
              sql: "INSERT INTO marks (name, value) VALUES ('runs', ?) ON CONFLICT DO NOTHING",
              parameters: [end],
            }
      // Else somebody else took them.
      if (await commitIf(database, [{ ...change, expect: 1 }])) {
        this.#numbers = { next: from + 1, end: end + 1 }
        return
      }
    }
  }
}
