import { getExternalWorkflowHandle } from '@temporalio/workflow'
import type { ChildRun } from '../../../workflow/index.ts'
import { resultOf } from '../../run/child.ts'
import type { LiveRun } from '../../run/live-run.ts'
import type { Pending } from '../../run/pending.ts'
import { names } from '../protocol.ts'
import { records } from './records.ts'
import type { Outstanding } from './outstanding.ts'

/**
 * Runs within runs: workflows of their own, with their parent in the records, so that a parent can begin anew while
 * they go on. A child that ends tells its parent; a parent that comes back looks.
 */
export class Children {
  readonly #outstanding: Outstanding
  readonly #waiting = new Map<string, { readonly number: number; tell(): void }>()
  readonly #ended = new Set<string>()

  #busy = 0

  constructor(outstanding: Outstanding) {
    this.#outstanding = outstanding
  }

  /** Questions to the records that are under way. */
  get busy(): number {
    return this.#busy
  }

  begin(run: LiveRun, pending: Pending, child: ChildRun): void {
    pending.phase = 'working'
    void this.#begin(run, pending, child)
  }

  /** The child's own workflow says so, when that is durable. */
  ended(id: string): void {
    const waiting = this.#waiting.get(id)
    if (waiting) waiting.tell()
    else this.#ended.add(id)
  }

  async #begin(run: LiveRun, pending: Pending, child: ChildRun): Promise<void> {
    this.#busy++
    const state = await records.beginChild(run.row.number, pending.key, child)
    this.#busy--
    if (state.is === 'refused') return run.arrive({ pending, result: { problem: state.problem } })
    if (!child.wait) return run.arrive({ pending, result: { value: null } })
    if (state.is === 'over') return run.arrive({ pending, result: resultOf(state.outcome) })
    if (!run.awaits(pending)) return this.#cancel(state.id)
    pending.phase = 'waiting'
    pending.stop = (why) => {
      this.#waiting.delete(state.id)
      if (why === 'unwanted') this.#cancel(state.id)
    }
    const tell = () => void this.#fetch(run, pending, state.run)
    this.#waiting.set(state.id, { number: state.run, tell })
    if (this.#ended.delete(state.id)) tell()
    else run.look()
  }

  async #fetch(run: LiveRun, pending: Pending, child: number): Promise<void> {
    this.#busy++
    const outcome = await records.childOutcome(child)
    this.#busy--
    run.arrive({ pending, result: resultOf(outcome) })
  }

  #cancel(id: string): void {
    this.#outstanding.add(getExternalWorkflowHandle(id).signal(names.cancel))
  }
}
