import { saveMark } from '../../database/index.ts'
import type { CloudEvent, EventFilter } from '../../workflow/index.ts'
import { matches } from '../../workflow/index.ts'
import type { Core } from './core.ts'
import type { InboxEvent } from '../run/host.ts'
import { anyType } from '../run/wait-rows.ts'
import { valueOf } from '../run/wait-hints.ts'

const pageSize = 200

/**
 * Brings events to those who wait for them, in the order in which they came: runs in memory, parked runs, schedules.
 * A position is kept that never passes an event which somebody is still dealing with; after a crash it goes on from
 * there, and whoever was served before takes no notice.
 */
export class Dispatcher {
  readonly #core: () => Core
  #position: number
  #saved: number
  /** Events that somebody deals with, and how many do. */
  readonly #open = new Map<number, number>()
  #again = false
  #running: Promise<void> | undefined
  #stopped = false

  constructor(core: () => Core, position: number) {
    this.#core = core
    this.#position = position
    this.#saved = position
  }

  /** There may be new events. */
  notify(): void {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#again && !this.#stopped) this.notify()
    })
  }

  /** Up to here everybody has been served. */
  get settledTo(): number {
    let least = this.#position + 1
    for (const seq of this.#open.keys()) least = Math.min(least, seq)
    return least - 1
  }

  /** Remembers how far it came, if that has changed much or `always`. */
  save(always = false): void {
    const to = this.settledTo
    if (to === this.#saved || (!always && to - this.#saved < 1000)) return
    this.#saved = to
    this.#core().commits.add({ statements: [saveMark('dispatched', to)] })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    const core = this.#core()
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        for (let more = true; more && !this.#stopped;) more = await this.#page(core)
      } catch (error) {
        core.log('error', 'Events cannot be dispatched; trying again.', { error: String(error) })
        core.timers.set(core.clock.now() + 1000, () => this.notify())
      }
      this.save()
    }
  }

  async #page(core: Core): Promise<boolean> {
    const rows = await core.database.query<{ seq: number; data: string }>(
      'SELECT seq, data FROM inbox WHERE seq > ? ORDER BY seq LIMIT ?',
      [this.#position, pageSize],
    )
    for (const { seq, data } of rows) {
      const event = JSON.parse(data) as CloudEvent
      this.#openFor(seq)
      try {
        for (const run of core.inbox.listenersOf(event)) {
          this.#openFor(seq)
          run.probe(undefined, () => this.#done(seq))
        }
        await this.#wakeParked(core, { seq, event })
        this.#openFor(seq)
        void core.schedules
          .take({ seq, event })
          .catch((error: unknown) =>
            core.log('error', 'An event cannot be given to a schedule.', { seq, error: String(error) }),
          )
          .finally(() => this.#done(seq))
        this.#position = seq
      } finally {
        this.#done(seq)
      }
    }
    return rows.length === pageSize
  }

  async #wakeParked(core: Core, found: InboxEvent): Promise<void> {
    for (const by of core.parking.hintsFor(found.event.type)) {
      const value = by === '' ? '' : valueOf(by, found.event)
      if (value !== undefined) await this.#wakeBy(core, found, by, value)
    }
  }

  async #wakeBy(core: Core, { seq, event }: InboxEvent, by: string, value: string): Promise<void> {
    for (let after = 0; ;) {
      const rows = await core.database.query<{ number: number; run: number; filter: string }>(
        `SELECT number, run, filter FROM waits
         WHERE type IN (?, '${anyType}') AND hint_by = ? AND hint = ? AND number > ? ORDER BY number LIMIT ?`,
        [event.type, by, value, after, pageSize],
      )
      for (const { number, run, filter } of rows) {
        after = number
        if (core.runs.has(run) || !mayMatch(filter, event)) continue
        this.#openFor(seq)
        const probed = () => this.#done(seq)
        void core.runs.wake(run, (live) => live.probe(undefined, probed)).then((found) => found || probed())
      }
      if (rows.length < pageSize) return
      await new Promise(setImmediate)
    }
  }

  #openFor(seq: number): void {
    this.#open.set(seq, (this.#open.get(seq) ?? 0) + 1)
  }

  #done(seq: number): void {
    const left = (this.#open.get(seq) ?? 0) - 1
    if (left > 0) this.#open.set(seq, left)
    else this.#open.delete(seq)
  }
}

/** A filter with a secret in it is stored sealed: only the run itself can tell. */
function mayMatch(text: string, event: CloudEvent): boolean {
  return text === '' || matches(JSON.parse(text) as EventFilter, event)
}
