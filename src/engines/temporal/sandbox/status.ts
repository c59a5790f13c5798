import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import type { RunStatus } from '../../../history/index.ts'
import { statusAttribute } from '../protocol.ts'

const key = { name: statusAttribute, type: 'KEYWORD' } as const

/**
 * How the run is, as a search attribute: only where that is not what Temporal's own status says, so that most runs
 * never change it. It goes with what the workflow says anyway.
 */
export class ShownStatus {
  readonly #shows: boolean
  #status: RunStatus
  /** One that began anew has what it had. */
  #shown = workflowInfo().typedSearchAttributes.get(key)

  constructor(shows: boolean, status: RunStatus) {
    this.#shows = shows
    this.#status = status
  }

  is(status: RunStatus): void {
    this.#status = status
  }

  show(): void {
    const status = this.#status === 'running' || this.#status === 'completed' ? undefined : this.#status
    if (!this.#shows || status === this.#shown) return
    this.#shown = status
    upsertSearchAttributes([{ key, value: status ?? null }])
  }
}
