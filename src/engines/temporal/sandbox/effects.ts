import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow'
import { Postponed, WorkflowFault, type Json } from '../../../workflow/index.ts'
import type { ActivityRequest } from '../../engine.ts'
import type { EffectActivities, Loaded, Performed } from '../protocol.ts'
import { isSuperseded, type Commits } from './commits.ts'
import { effectOptions, unfinishedOptions } from './options.ts'
import { room } from './room.ts'

const effects = proxyActivities<EffectActivities>(effectOptions)

export interface Asked {
  readonly request: ActivityRequest
  resolve(value: Json): void
  reject(error: unknown): void
}

/** Effects as activities of Temporal: asked for in the run's turn, begun when it has come to rest. */
export class Effects {
  readonly #commits: Commits
  #asked: Asked[] = []
  #underWay = 0
  #unfinished: Loaded['unfinished']

  constructor(commits: Commits, unfinished: Loaded['unfinished']) {
    this.#commits = commits
    this.#unfinished = unfinished
  }

  /** Whether it is this effect that the process has under way which took the run up. */
  isUnfinished({ request }: Asked): boolean {
    return request.key === this.#unfinished?.key
  }

  get underWay(): number {
    return this.#underWay
  }

  perform(request: ActivityRequest): Promise<Json> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ request, resolve, reject })
    })
  }

  /** What is to begin now. */
  take(): Asked[] {
    return this.#asked.splice(0).filter(({ request }) => !request.signal.aborted)
  }

  /** An effect by itself. */
  async begin(asked: Asked): Promise<void> {
    const { request, resolve, reject } = asked
    const { signal } = request
    const later = room()
    if (later) await later
    if (later && signal.aborted) return
    const scope = new CancellationScope({ cancellable: true })
    const unwanted = () => scope.cancel()
    signal.addEventListener('abort', unwanted)
    this.#underWay++
    try {
      const ended = this.isUnfinished(asked) ? await this.#endUnfinished(request, scope) : undefined
      // In this turn where it can be: else what is to be written would go by itself.
      settle(ended ?? (await this.#perform(request, scope)), { resolve, reject })
    } catch (error) {
      // What it was to write is written by the next batch: that takes along all that is not known to be written.
      if (isSuperseded(error)) this.#commits.failed(error)
      else if (!isCancellation(error)) reject(error)
    } finally {
      this.#underWay--
      signal.removeEventListener('abort', unwanted)
    }
  }

  /** It takes along what is to be written before it. */
  async #perform(request: ActivityRequest, scope: CancellationScope): Promise<Performed> {
    const { key, attempt, kind, input, onFailure } = request
    const { batches, written } = this.#commits.waiting
      ? this.#commits.carry()
      : { batches: [], written: () => {} }
    const { place } = this.#commits
    const call = { kind, input, ...(onFailure && { onFailure }) }
    const performed = await scope.run(() => effects.perform({ place, batches, key, attempt, call }))
    written()
    return performed
  }

  /** `undefined` where its process is gone. */
  async #endUnfinished({ key }: ActivityRequest, scope: CancellationScope): Promise<Performed | undefined> {
    const { queue = '' } = this.#unfinished ?? {}
    this.#unfinished = undefined
    const { run } = this.#commits.place
    try {
      const { endUnfinished } = proxyActivities<EffectActivities>(unfinishedOptions(queue))
      return await scope.run(() => endUnfinished(run, key))
    } catch (error) {
      if (isCancellation(error)) throw error
      return undefined
    }
  }
}

export function settle(performed: Performed, { resolve, reject }: Pick<Asked, 'resolve' | 'reject'>): void {
  if ('value' in performed) resolve(performed.value)
  else if ('problem' in performed) reject(new WorkflowFault(performed.problem))
  else {
    const { until, attempt, reason, gate } = performed.postponed
    reject(new Postponed(until, attempt, reason, gate))
  }
}
