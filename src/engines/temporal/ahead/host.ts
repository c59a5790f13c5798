import type { RunStatus } from '../../../history/index.ts'
import { interpret, type Json } from '../../../workflow/index.ts'
import type { Workflow } from '../../../workflow/definition/index.ts'
import type { ActivityRequest } from '../../engine.ts'
import { derivedId } from '../../records/ids.ts'
import { Turns } from '../../records/turns.ts'
import type { Host } from '../../run/host.ts'
import type { LiveRun } from '../../run/live-run.ts'
import type { Pending } from '../../run/pending.ts'
import { afterEnd, standingElsewhere } from '../../run/standing.ts'
import type { Cluster } from '../cluster.ts'
import { performedBy } from '../performed.ts'
import { goesAhead, type Performed } from '../protocol.ts'
import type { AheadCommits } from './commits.ts'

/** Most effects of one activity, and most characters that they may record: both are in Temporal's history again. */
const mostEffects = 200
const mostRecorded = 1_000_000

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
  readonly limiter: Host['limiter'] = { run: (work) => work() }
  readonly standing = standingElsewhere()
  readonly gates: Host['gates'] = { kept: false, wait: () => () => {}, parked: () => {} }
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
  readonly #number: number
  readonly #until: number
  #begun = 0
  #underWay: Promise<void> | undefined
  /** The effect that was carried out last, until it is known to be recorded. */
  #last: { readonly key: string; readonly performed: Performed } | undefined

  constructor(core: Cluster, number: number, workflow: Workflow, commits: AheadCommits) {
    this.#number = number
    this.#core = core
    this.commits = commits
    this.clock = core.clock
    this.log = core.log
    this.timers = core.timers
    this.settings = core.settings
    this.#until = core.clock.now() + core.settings.aheadMs
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

  /** What was carried out, and is not recorded: the run was taken over, or the effect was put off. */
  get left(): { readonly key: string; readonly performed: Performed } | undefined {
    return this.#last
  }

  /** Resolves when no effect is under way. */
  async idle(): Promise<void> {
    while (this.#underWay) await this.#underWay
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
    if (this.#begun > 0 && isLate) return false
    if (this.#begun >= mostEffects || this.commits.size >= mostRecorded) return false
    return [...run.pending.values()].filter((one) => one.request.kind !== 'sleep').length === 1
  }

  readonly activities = (request: ActivityRequest): Promise<Json> => {
    const performed = this.#perform(request)
    const ended = performed.then(
      () => {},
      () => {},
    )
    this.#underWay = ended.then(() => (this.#underWay = undefined))
    return performed.then((value) => (value === undefined ? new Promise<never>(() => {}) : value))
  }

  /** `undefined` where it was put off. */
  async #perform(request: ActivityRequest): Promise<Json | undefined> {
    const { key, kind, attempt } = request
    const ended = this.#core.underWay.began(this.#number, key, kind)
    try {
      const value = (await this.#core.activities(request)) ?? null
      this.#last = { key, performed: { value } }
      return value
    } catch (error) {
      const performed = performedBy(error, attempt, this.clock.now())
      this.#last = { key, performed }
      if (!('postponed' in performed)) throw error
      // Its time is the workflow's to wait for.
      this.stop()
      return undefined
    } finally {
      ended()
    }
  }
}
