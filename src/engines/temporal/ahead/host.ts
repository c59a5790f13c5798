import type { RunStatus } from '../../../history/index.ts'
import { interpret, WorkflowFault, type Json } from '../../../workflow/index.ts'
import type { Workflow } from '../../../workflow/definition/index.ts'
import type { ActivityRequest } from '../../engine.ts'
import { derivedId } from '../../records/ids.ts'
import { Turns } from '../../records/turns.ts'
import type { Host } from '../../run/host.ts'
import type { LiveRun } from '../../run/live-run.ts'
import type { Pending } from '../../run/pending.ts'
import type { RunRow } from '../../run/run-row.ts'
import { afterEnd, standingElsewhere } from '../../run/standing.ts'
import type { Cluster } from '../cluster.ts'
import { performedBy } from '../performed.ts'
import { goesAhead, type Left, type Performed } from '../protocol.ts'
import { aborted } from '../unless-aborted.ts'
import type { AheadCommits } from './commits.ts'
import { Effect } from './effect.ts'
import type { Unfinished } from './unfinished.ts'

/** Most effects of one activity, and most characters that they may record: both are in Temporal's history again. */
const mostEffects = 200
const mostRecorded = 1_000_000

/** How far a run goes ahead. */
export interface Bounds {
  /** Nothing more is begun after so many milliseconds. */
  readonly forMs: number
  /** An effect that is under way then is let go of, for somebody else to wait for. Default: it is waited for. */
  readonly letsGo?: boolean
}

/** All runs of this process that go ahead take turns with one another. */
const turns = new Turns()

/**
 * What a run that goes ahead asks of its engine: one effect after the other, in this process, and the timers that run
 * beside them. For all else it stops, as soon as what is under way has been recorded.
 */
export class AheadHost implements Host {
  readonly commits: AheadCommits
  readonly interpret = interpret
  readonly turns = turns
  readonly derivedId = derivedId
  readonly clock: Host['clock']
  readonly log: Host['log']
  readonly timers: Host['timers']
  readonly settings: Host['settings']
  readonly limiter: Host['limiter']
  readonly standing = standingElsewhere()
  readonly gates: Host['gates']
  readonly parking: Host['parking'] = {
    idle: (run) => {
      const dues = [...run.pending.values()].map(({ due }) => due ?? Infinity)
      if (Math.min(...dues) > this.#until) this.stop()
    },
  }
  readonly runs: Host['runs'] = {
    ready: () => {},
    left: () => {},
    ended: (_, { status }) => {
      this.over = status
      this.stop()
    },
  }
  readonly inbox: Host['inbox']
  readonly schedules: Host['schedules']
  // Never asked for: `begins` leaves them.
  readonly children: Host['children'] = { begin: () => {} }
  readonly detached: Host['detached'] = {
    due: () => {
      throw new Error('What nobody waits for is not begun ahead.')
    },
  }

  /** How the run has ended. */
  over: RunStatus | undefined
  /** Resolves when the run begins nothing more in here. */
  readonly stopped: Promise<void>
  #stop = () => {}
  #stops = false
  readonly #core: Cluster
  readonly #row: RunRow
  readonly #until: number
  readonly #letsGo: boolean
  #begun = 0
  #underWay: Effect | undefined
  /** The effect that was carried out last, until it is known to be recorded. */
  #last: (Left & { readonly effect: Effect }) | undefined

  constructor(core: Cluster, row: RunRow, workflow: Workflow, commits: AheadCommits, bounds: Bounds) {
    this.#row = row
    this.#core = core
    this.commits = commits
    this.clock = core.clock
    this.log = core.log
    this.timers = core.timers
    this.settings = core.settings
    this.limiter = core.limiter
    this.#until = core.clock.now() + bounds.forMs
    this.#letsGo = bounds.letsGo ?? false
    // What goes on elsewhere soon waits at its gate there; what was handed over waits for the time that is recorded.
    const wait = () => {
      this.stop()
      return () => {}
    }
    this.gates = { kept: this.#letsGo, wait, parked: () => {} }
    this.inbox = {
      listen: () => {},
      next: async () => undefined,
      claim: () => () => {},
      row: (event, now) => core.inbox.row(event, now),
      received: () => {},
    }
    this.schedules = { runEnded: (row, at) => afterEnd(row, workflow, at) }
    this.stopped = new Promise((resolve) => (this.#stop = resolve))
  }

  /** Nothing more is begun. */
  stop(): void {
    this.#stops = true
    this.#stop()
  }

  /** What was carried out, and is not recorded: the run was taken over, or the effect was put off. Somebody else records it. */
  takeLeft(): Left | undefined {
    if (!this.#last) return undefined
    const { key, performed, effect } = this.#last
    effect.isElsewheres()
    return { key, performed }
  }

  /** Resolves when no effect is under way. */
  async idle(): Promise<void> {
    while (this.#underWay) await this.#underWay.performed
  }

  /** The effect that is under way: from here on its result is not this run's in here. */
  takeUnfinished(): Unfinished | undefined {
    const taken = this.#underWay
    if (!taken) return undefined
    this.#underWay = undefined
    if (taken.unwanted) return undefined
    taken.isElsewheres()
    return taken
  }

  begins(run: LiveRun, { request }: Pending): boolean {
    // Whatever was carried out before has been recorded.
    this.#last = undefined
    if (request.kind === 'sleep') return true
    if (request.kind === 'activity' && this.#may(run) && goesAhead(request.call)) {
      this.#begun++
      return true
    }
    this.stop()
    return false
  }

  #may(run: LiveRun): boolean {
    if (this.#stops || this.commits.lost) return false
    const isLate = this.#core.ending.begun || this.clock.now() >= this.#until
    if (isLate && (this.#begun > 0 || this.#letsGo)) return false
    if (this.#begun >= mostEffects || this.commits.size >= mostRecorded) return false
    return [...run.pending.values()].filter((one) => one.request.kind !== 'sleep').length === 1
  }

  readonly activities = async (request: ActivityRequest): Promise<Json> => {
    // It had to wait for a place, and nobody waits for it any more.
    if (this.#letsGo && this.#stops) return aborted(request.signal)
    const effect = new Effect(request, (own) => this.#perform(own))
    this.#underWay = effect
    const performed = await effect.performed
    // It is not this run's in here any more: that has been told to leave it.
    if (this.#underWay !== effect) return null
    this.#underWay = undefined
    this.#last = { key: request.key, performed, effect }
    if ('value' in performed) return performed.value
    if ('problem' in performed) throw new WorkflowFault(performed.problem)
    // Its time is the workflow's to wait for.
    this.stop()
    return aborted(request.signal)
  }

  async #perform(request: ActivityRequest): Promise<Performed> {
    const { key, kind, attempt } = request
    const ended = this.#core.underWay.began(this.#row.number, key, kind)
    try {
      return { value: (await this.#core.activities(request)) ?? null }
    } catch (error) {
      return performedBy(error, attempt, this.clock.now())
    } finally {
      ended()
    }
  }
}
