import { fault, type ChildRun, type Json } from '../../workflow/index.ts'
import { hasCode } from '../../errors.ts'
import type { Outcome } from '../engine.ts'
import type { Core } from './core.ts'
import type { Pinned } from '../records/definitions.ts'
import { derivedId } from '../records/ids.ts'
import { assertDepth, resultOf } from '../run/child.ts'
import type { LiveRun } from '../run/live-run.ts'
import type { Pending } from '../run/pending.ts'
import { isOver, type RunRow } from '../run/run-row.ts'

/**
 * Runs within runs. A child's id follows from its parent and the task's key, so that a parent which replays finds the
 * child that it had started. The child's end is durable by itself; a parent that is not in memory is woken by it, and
 * one that comes into memory later looks.
 */
export class Children {
  readonly #core: () => Core
  readonly #waiting = new Map<number, { readonly run: LiveRun; readonly pending: Pending }>()

  constructor(core: () => Core) {
    this.#core = core
  }

  async begin(run: LiveRun, pending: Pending, child: ChildRun): Promise<void> {
    const core = this.#core()
    pending.phase = 'working'
    try {
      const id = derivedId(run.row.id, `child ${pending.key}`)
      const started = await this.#find(id)
      if (!run.awaits(pending)) return
      if (started) return void (await this.#await(run, pending, child, started))
      const definition = await this.#resolve(run, child)
      const spec = { id, input: child.input, by: 'run', parent: run.row, parentKey: pending.key }
      const birth = {
        durable: () => {
          if (!child.wait) run.arrive({ pending, result: { value: null } })
          else if (run.awaits(pending)) pending.phase = 'waiting'
          run.look()
        },
      }
      const row = await core.runs.create(definition, { ...spec, ...birth })
      if (child.wait) this.#attach(run, pending, row)
    } catch (error) {
      // The database cannot be read at the moment: no reason for the run to fail.
      if (hasCode(error, 'SLUSE-STORE')) {
        return this.#later(error, () => run.awaits(pending) && void this.begin(run, pending, child))
      }
      const known = (error as { problem?: unknown }).problem
      if (!known)
        core.log('error', 'A child run cannot be started.', { run: run.row.id, error: String(error) })
      run.arrive({ pending, result: { problem: faultFrom(error) } })
    }
  }

  /** A run has ended: its parent, if one waits, goes on. */
  ended(row: RunRow, outcome: Outcome): void {
    const waiting = this.#waiting.get(row.number)
    if (waiting) {
      this.#waiting.delete(row.number)
      waiting.run.arrive({ pending: waiting.pending, result: resultOf(outcome) })
    } else if (row.parent !== undefined) void this.#wakeParent(row.parent, row.parentKey ?? '')
  }

  /** Orders a cancellation, durable with what made it necessary, then carries it out. */
  #cancel(run: LiveRun, child: RunRow): void {
    const order = {
      sql: "INSERT INTO waits (run, key, kind, due, hint_by, hint) VALUES (?, '', 'cancel', 0, '', '')",
      parameters: [child.number],
    }
    const cancel = () => void this.cancel(child.number)
    if (run.over) return this.#core().commits.add({ statements: [order], durable: cancel })
    run.also(order)
    run.afterwards(cancel)
    run.look()
  }

  /** Cancels a run that may have ended. */
  async cancel(number: number): Promise<void> {
    await this.#core().runs.wake(number, (run) => run.command(cancellation))
  }

  async #wakeParent(parent: number, key: string): Promise<void> {
    const core = this.#core()
    const waiting = "SELECT 1 FROM waits WHERE run = ? AND key = ? AND kind = 'child'"
    try {
      const rows = await core.database.query(waiting, [parent, key])
      if (rows.length > 0) await core.runs.wake(parent)
    } catch (error) {
      this.#later(error, () => void this.#wakeParent(parent, key))
    }
  }

  #later(error: unknown, again: () => void): void {
    const { log, timers, clock } = this.#core()
    log('error', 'The database cannot be read for a run within a run; trying again.', {
      error: String(error),
    })
    timers.set(clock.now() + 1000, again)
  }

  async #await(run: LiveRun, pending: Pending, { wait }: ChildRun, found: RunRow): Promise<void> {
    if (!wait) return run.arrive({ pending, result: { value: null } })
    this.#attach(run, pending, found)
    pending.phase = 'waiting'
    // Looked at again, now that its end would be told.
    const row = await this.#core().records.row(found.number)
    if (row && isOver(row.status)) {
      this.#waiting.delete(row.number)
      run.arrive({ pending, result: resultOf(await this.#core().records.outcome(row)) })
    } else run.look()
  }

  #attach(run: LiveRun, pending: Pending, child: RunRow): void {
    if (!run.awaits(pending)) return this.#cancel(run, child)
    this.#waiting.set(child.number, { run, pending })
    pending.stop = (why) => {
      this.#waiting.delete(child.number)
      if (why === 'unwanted') this.#cancel(run, child)
    }
  }

  async #find(id: string): Promise<RunRow | undefined> {
    try {
      return await this.#core().records.find(id)
    } catch (error) {
      if (hasCode(error, 'SLUSE-RUN-NOT-FOUND')) return undefined
      throw error
    }
  }

  #resolve(run: LiveRun, child: ChildRun): Promise<Pinned> {
    const { namespace, name, version } = child
    const { definitions, settings, pauses } = this.#core()
    pauses.assertEnabled({ namespace, name })
    assertDepth(run.row.depth, settings.maxChildDepth, child)
    return definitions.resolve({ namespace, name, version })
  }
}

function faultFrom(error: unknown) {
  if (hasCode(error, 'SLUSE-DEFINITION-NOT-FOUND') || hasCode(error, 'SLUSE-PIPELINE-DISABLED'))
    return fault('configuration', (error as Error).message).problem
  const known = (error as { problem?: Json }).problem
  return known
    ? (known as never)
    : fault('runtime', error instanceof Error ? error.message : String(error)).problem
}

/** Ordered by a run, not by people: nobody is told. */
export const cancellation = { kind: 'cancel', durable: () => {}, refused: () => {} } as const
