import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow'
import type { RunStatus } from '../../../history/index.ts'
import type { LiveRun } from '../../run/live-run.ts'
import {
  goesAhead,
  type Ahead as Come,
  type EffectActivities,
  type HandedOver,
  type Loaded,
} from '../protocol.ts'
import { isSuperseded, type Commits } from './commits.ts'
import { settle, type Asked, type Effects } from './effects.ts'
import { effectOptions } from './options.ts'
import { records } from './records.ts'

const activities = proxyActivities<EffectActivities>(effectOptions)

/**
 * Effects that come one after the other, as one activity: the run is handed over to it, and taken back when it comes back,
 * or when something is to be done to the run that cannot wait for that. Then the effect that is under way in there is
 * waited for like any other.
 */
export class Ahead {
  readonly #commits: Commits
  readonly #effects: Effects
  readonly #ended: (status: RunStatus) => void
  readonly #wanted: boolean
  /** Something that is not recorded would have to be fetched again. */
  #secret: boolean
  #run: LiveRun | undefined
  /** The activity, and whether the run has been taken back from it. */
  #underWay: { readonly over: HandedOver; readonly scope: CancellationScope; back: boolean } | undefined
  #takingBack = false
  /** Waits for what the activity still carries out. */
  #bound: Asked | undefined
  #left: Come['left']

  constructor(loaded: Loaded, commits: Commits, effects: Effects, ended: (status: RunStatus) => void) {
    this.#commits = commits
    this.#effects = effects
    this.#ended = ended
    this.#wanted = loaded.ahead !== undefined
    this.#left = loaded.left
    this.#secret = loaded.items.some(({ type }) => type === 'secret')
  }

  get busy(): boolean {
    return this.#underWay !== undefined || this.#takingBack
  }

  /** Begins what may go ahead, or has been carried out ahead; gives what is to begin by itself. */
  begin(run: LiveRun, asked: readonly Asked[]): readonly Asked[] {
    const left = this.#left
    this.#left = undefined
    const others = asked.filter((one) => {
      if (one.request.key !== left?.key) return true
      settle(left.performed, one)
      return false
    })
    const [first, ...rest] = others
    if (!first) return []
    if (others.some((one) => this.#effects.isUnfinished(one))) return others
    if (this.#underWay?.back && !this.#bound) {
      this.#bind(first)
      return rest
    }
    if (rest.length > 0 || !this.#may(run, first)) return others
    void this.#handOver(run)
    return []
  }

  /** Something is to be done to the run now. */
  interrupt(): void {
    if (this.#underWay) void this.#takeBack(this.#underWay.over)
  }

  #may(run: LiveRun, { request: { key } }: Asked): boolean {
    const others = [...run.pending.values()].filter((one) => one.key !== key)
    const { request: asked, postponedTo = 0 } = run.pending.get(key) ?? {}
    if (asked?.kind !== 'activity') return false
    // Let through its gate before the time that is recorded: whoever went on from the records would wait for that.
    if (postponedTo > Date.now()) return false
    this.#secret ||= asked.call.secret === true
    const alone = others.every(({ request }) => request.kind === 'sleep')
    return (
      this.#wanted &&
      !this.#secret &&
      !run.held &&
      !this.busy &&
      !this.#commits.writing &&
      alone &&
      goesAhead(asked.call)
    )
  }

  async #handOver(run: LiveRun): Promise<void> {
    const { batches } = this.#commits.carry()
    const { place, rows } = this.#commits
    const over = { place, batches, rows }
    const scope = new CancellationScope({ cancellable: true })
    const underWay = { over, scope, back: false }
    this.#run = run
    this.#underWay = underWay
    run.handOver()
    let come: Come = {}
    try {
      come = await scope.run(() => activities.goAhead(over))
      if (!come.over && !come.back) await this.#takeBack(over)
    } catch (error) {
      if (isSuperseded(error)) return this.#commits.failed(error)
      // Whatever it is: the records say how far the run has come.
      if (!isCancellation(error)) await this.#takeBack(over)
    }
    this.#underWay = undefined
    if (underWay.back || this.#takingBack) return this.#unbind(come)
    this.#goOn(come)
  }

  async #takeBack(over: HandedOver): Promise<void> {
    if (this.#underWay?.back || this.#takingBack) return
    this.#takingBack = true
    try {
      const come = await records.takeBack(over)
      this.#takingBack = false
      if (this.#underWay) this.#underWay.back = true
      this.#goOn({ ...come, ...(this.#left && { left: this.#left }) })
    } catch (error) {
      this.#commits.failed(error)
    }
  }

  #goOn({ over, back, left }: Come): void {
    if (over) {
      this.#commits.allWritten()
      return this.#ended(over)
    }
    if (!back) return
    this.#left = left
    this.#commits.takenBack(back)
    this.#run?.takeBack(back.items)
  }

  #bind(asked: Asked): void {
    this.#bound = asked
    asked.request.signal.addEventListener('abort', () => {
      if (this.#bound !== asked) return
      this.#bound = undefined
      this.#underWay?.scope.cancel()
    })
  }

  /** The activity has ended from which the run was taken back. */
  #unbind({ left }: Come): void {
    const asked = this.#bound
    this.#bound = undefined
    if (!asked) this.#left = left
    else if (asked.request.key === left?.key) settle(left.performed, asked)
    else void this.#effects.begin(asked)
  }
}
