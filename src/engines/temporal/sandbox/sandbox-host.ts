import { sha1 } from '@noble/hashes/legacy.js'
import {
  CancellationScope,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow'
import type { RunStatus } from '../../../history/index.ts'
import { interpret, type EventFilter } from '../../../workflow/index.ts'
import { derivedIdBy } from '../../run/derived-id.ts'
import type { FoundEvent, Host, Log, Standing } from '../../run/host.ts'
import type { LiveRun } from '../../run/live-run.ts'
import type { Pending } from '../../run/pending.ts'
import { afterEnd, rowsOf, standingElsewhere } from '../../run/standing.ts'
import { detachedId, names, type Loaded } from '../protocol.ts'
import { Ahead } from './ahead.ts'
import { Children } from './children.ts'
import { Commits } from './commits.ts'
import { Effects } from './effects.ts'
import { Gates } from './gates.ts'
import { records } from './records.ts'
import { Outstanding } from './outstanding.ts'
import { ShownStatus } from './status.ts'
import { Turns } from './rest.ts'

/** A run that waits for nothing sooner than this says in the records what it waits for. */
const parkAfter = 2000
/** Histories are bounded: from here on nothing new is begun until what is under way has ended, and the run begins anew. */
const largeHistory = 20_000_000

/** What a run asks of its engine, on Temporal's primitives. */
export class SandboxHost implements Host {
  readonly turns = new Turns()
  readonly commits: Commits
  readonly children: Children
  readonly interpret = interpret
  readonly clock = { now: () => Date.now() }
  readonly settings: Host['settings']
  readonly limiter: Host['limiter'] = { run: (work) => work() }
  readonly runs: Host['runs'] = {
    ready: () => {},
    left: () => {},
    ended: (_, { status }) => this.#end(status),
  }
  over = false
  /**
   * Another execution has taken the run up. There is none beside this one that lives: it was an earlier attempt at
   * this one's beginning, which came late.
   */
  superseded = false
  readonly #loaded: Loaded
  readonly #effects: Effects
  readonly #ahead: Ahead
  #live: LiveRun | undefined
  readonly #outstanding = new Outstanding()
  readonly #status: ShownStatus

  constructor(loaded: Loaded) {
    this.#loaded = loaded
    const { row, epoch, batch, ahead, maxResultBytes, searchable } = loaded
    const place = { run: row.number, epoch }
    this.settings = { maxResultBytes }
    const from = { place, batch, rows: ahead?.rows ?? 0 }
    const ended = (status: RunStatus) => {
      this.#end(status)
      this.turns.schedule()
    }
    this.commits = new Commits(from, this.turns, () => (this.superseded = true), ended)
    this.#status = new ShownStatus(searchable, row.status)
    this.#effects = new Effects(this.commits, loaded.unfinished)
    this.#ahead = new Ahead(loaded, this.commits, this.#effects, ended)
    this.children = new Children(this.#outstanding)
  }

  readonly activities: Host['activities'] = (request) => this.#effects.perform(request)
  readonly derivedId = (runId: string, name: string): string => derivedIdBy(sha1, runId, name)
  readonly log: Log = (level, message, data = {}) => log[level](message, data)

  readonly timers = {
    set(at: number, wake: () => void): () => void {
      const scope = new CancellationScope({ cancellable: true })
      void scope
        .run(() => sleep(Math.max(1, at - Date.now())))
        .then(wake)
        .catch(() => {})
      return () => scope.cancel()
    },
  }

  readonly inbox: Host['inbox'] = {
    listen: (run, pending) => {
      pending.scannedTo = 0
      this.#listen(run)
    },
    next: (run, pending, filters) => this.#next(run, pending, filters),
    claim: () => () => {},
    row: (event, now) => [event.source, event.id, event.type, now, 0, JSON.stringify(event)],
    received: () => {},
  }

  readonly parking: Host['parking'] = {
    idle: (run) => {
      const soon = [...run.pending.values()].some(
        ({ due }) => due !== undefined && due - Date.now() < parkAfter,
      )
      if (!soon) run.park()
    },
  }

  readonly gates = new Gates(this.timers)
  readonly standing: Standing = standingElsewhere((status) => {
    this.#status.is(status)
    this.gates.seen = status === 'waiting'
  })

  readonly detached: Host['detached'] = {
    due: (run, key, call) => {
      const written = this.awaited()
      const sql =
        'INSERT INTO detached (run, key, kind, input, due, attempt) VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING'
      const durable = () => {
        written()
        const workflowId = detachedId(run.row.id, key)
        const args = [run.row.number, key]
        const options = { workflowId, args, parentClosePolicy: ParentClosePolicy.ABANDON }
        this.#outstanding.add(startChild(names.detached, options))
      }
      const parameters = [run.row.number, key, call.kind, run.sealer.write(call.input)]
      return { statement: { sql, parameters }, durable }
    },
  }

  readonly schedules: Host['schedules'] = {
    runEnded: (row, at) => afterEnd(row, this.#loaded.workflow, at),
  }

  /** Whether the run has ended, and that is recorded. */
  get ended(): boolean {
    return this.over && !this.superseded
  }

  carries(run: LiveRun): void {
    this.#live = run
  }

  /** Something is to be done to the run that cannot wait for what goes ahead. */
  interrupt(): void {
    this.#ahead.interrupt()
  }

  /** After each turn: begins effects and writes what is due. `true` where this execution is over. */
  async after(): Promise<boolean> {
    const { commits } = this
    if (this.superseded) return true
    this.#status.show()
    if (this.over && commits.written) return true
    if (this.#awaited > 0 && commits.waiting) commits.write(true)
    if (!this.#mustBeginAnew) this.#begin()
    if (commits.waiting) commits.write()
    return !this.over && this.#mayBeginAnew
  }

  #awaited = 0

  /**
   * Somebody waits for what is to be written, until the answer is called: it is not left to an effect, which may take
   * long.
   */
  awaited(): () => void {
    this.#awaited++
    return () => void this.#awaited--
  }

  /** All that was ordered is accepted, and whoever waits for this run is told. */
  async settled(): Promise<void> {
    const { row, parent } = this.#loaded
    if (parent !== undefined)
      this.#outstanding.add(getExternalWorkflowHandle(parent).signal(names.ended, row.id))
    await this.#outstanding.settled()
  }

  #begin(): void {
    const asked = this.#effects.take()
    const alone = this.#live ? this.#ahead.begin(this.#live, asked) : asked
    for (const one of alone) void this.#effects.begin(one)
  }

  #end(status: RunStatus): void {
    this.#status.is(status)
    this.over = true
  }

  get #mustBeginAnew(): boolean {
    const { historyLength, historySize } = workflowInfo()
    return historyLength > this.#loaded.longHistory || historySize > largeHistory
  }

  get #mayBeginAnew(): boolean {
    const wanted = workflowInfo().continueAsNewSuggested || this.#mustBeginAnew
    const busy = this.#effects.underWay + this.#asking + this.children.busy
    return wanted && busy === 0 && !this.#ahead.busy && this.commits.written && !this.turns.due
  }

  /** Questions to the inbox that are under way. */
  #asking = 0
  /** Written before the inbox is looked through: an event that comes later finds the row. */
  #listening: Promise<void> = Promise.resolve()

  #listen(run: LiveRun): void {
    const { number } = run.row
    this.#listening = new Promise((resolve) => {
      const events = [...run.pending.values()].filter(({ request }) => request.kind === 'event')
      const statements = [
        { sql: "DELETE FROM waits WHERE run = ? AND kind = 'event'", parameters: [number] },
        ...rowsOf(run, events),
      ]
      const written = this.awaited()
      const durable = () => {
        written()
        resolve()
      }
      this.commits.add({ statements, durable })
    })
  }

  async #next(
    run: LiveRun,
    pending: Pending,
    filters: readonly EventFilter[],
  ): Promise<FoundEvent | undefined> {
    const { number, firstEvent, startedAt } = run.row
    this.#asking++
    await this.#listening
    const answer = await records.next({
      run: { number, firstEvent, startedAt },
      filters,
      consumed: [...run.consumed],
      consumedTo: [...run.consumedTo],
      scannedTo: pending.scannedTo,
    })
    this.#asking--
    for (const [kind, seq] of answer.consumedTo) run.consumedTo.set(kind, seq)
    pending.scannedTo = answer.scannedTo
    return answer.found
  }
}
