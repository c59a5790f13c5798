import type { Core } from './core.ts'

/**
 * Activities that wait for a target system rather than for a time. However many there are, no more of them come back
 * at once than there is room for, those in memory before those on disk, each in the order in which they came. Nothing
 * polls: the gatekeeper says when there may be room, or at what time to ask.
 */
export class Gates {
  readonly #core: () => Core
  readonly #gates = new Map<string, Gate>()
  #stopped = false

  constructor(core: () => Core) {
    this.#core = core
    // The core is being made: it can be asked from the next turn on.
    queueMicrotask(() => core().gatekeeper?.onRoom((name) => this.#gates.has(name) && this.#lookSoon(name)))
  }

  /** Whether anybody knows when a gate opens; else what waits for one waits for its time. */
  get kept(): boolean {
    return this.#core().gatekeeper !== undefined
  }

  /** Calls `pass` when it may go on. Returns how to stop waiting. */
  wait(name: string, pass: Pass): () => void {
    this.#gate(name).waiting.add(pass)
    this.#lookSoon(name)
    return () => this.#gates.get(name)?.waiting.delete(pass)
  }

  /** Rows in `waits` stand for what waits for this gate. */
  parked(name: string): void {
    const gate = this.#gate(name)
    gate.onDisk = true
    gate.parkings++
    this.#lookSoon(name)
  }

  /** Takes up what waits since before the start. */
  async open(): Promise<void> {
    const rows = await this.#core().database.query<{ hint: string }>(
      "SELECT DISTINCT hint FROM waits WHERE kind = 'gate'",
    )
    for (const { hint } of rows) this.parked(hint)
  }

  stop(): void {
    this.#stopped = true
    for (const { stopTimer } of this.#gates.values()) stopTimer?.()
  }

  #gate(name: string): Gate {
    let gate = this.#gates.get(name)
    if (!gate) {
      gate = {
        waiting: new Set(),
        underWay: new Set(),
        onDisk: false,
        parkings: 0,
        looking: false,
        again: false,
      }
      this.#gates.set(name, gate)
    }
    return gate
  }

  /** Many reasons to look within one turn are one. */
  #lookSoon(name: string): void {
    const gate = this.#gate(name)
    if (gate.looking) gate.again = true
    else {
      gate.looking = true
      setImmediate(() => void this.#look(name, gate))
    }
  }

  async #look(name: string, gate: Gate): Promise<void> {
    do {
      gate.again = false
      try {
        await this.#letIn(name, gate)
      } catch (error) {
        const { log, timers, clock } = this.#core()
        log('error', 'Those who wait for a target cannot be read; trying again.', { error: String(error) })
        timers.set(clock.now() + retryMs, () => this.#lookSoon(name))
      }
    } while (gate.again && !this.#stopped)
    gate.looking = false
    if (gate.waiting.size === 0 && !gate.onDisk && gate.underWay.size === 0) {
      gate.stopTimer?.()
      this.#gates.delete(name)
    }
  }

  async #letIn(name: string, gate: Gate): Promise<void> {
    const { gatekeeper, timers, clock } = this.#core()
    gate.stopTimer?.()
    gate.stopTimer = undefined
    if (!gatekeeper || this.#stopped || (gate.waiting.size === 0 && !gate.onDisk)) return
    const { passes, askAt } = gatekeeper.room(name)
    // Whoever was let in and never came to the target tells nobody: so look again now and then.
    const at = Math.min(askAt ?? Infinity, clock.now() + longestMs)
    gate.stopTimer = timers.set(at, () => this.#lookSoon(name))
    for (const passing of gate.underWay) if (!passing()) gate.underWay.delete(passing)
    let left = passes - gate.underWay.size
    for (const pass of gate.waiting) {
      if (left <= 0) return
      gate.waiting.delete(pass)
      const passing = pass()
      // One that is suspended comes when it is resumed: it takes nobody's place.
      if (!passing()) continue
      gate.underWay.add(passing)
      left--
    }
    if (gate.onDisk && left > 0) await this.#fetch(name, gate, left)
  }

  /** Brings so many back from the disk, the longest waiting first. */
  async #fetch(name: string, gate: Gate, most: number): Promise<void> {
    const { database, runs } = this.#core()
    const { parkings } = gate
    let left = most
    for (let after = 0; left > 0;) {
      const rows = await database.query<{ number: number; run: number; key: string }>(
        "SELECT number, run, key FROM waits WHERE kind = 'gate' AND hint = ? AND number > ? ORDER BY number LIMIT ?",
        [name, after, pageSize],
      )
      // A run in memory speaks for itself; its rows go with its next step.
      const asleep = rows.filter(({ run }) => !runs.has(run)).slice(0, left)
      for (const { run, key } of asleep) this.#wake(name, gate, run, key)
      left -= asleep.length
      if (rows.length < pageSize) {
        // None is left unless some came meanwhile.
        if (left > 0 && rows.length === 0 && after === 0 && gate.parkings === parkings) gate.onDisk = false
        return
      }
      after = rows.at(-1)?.number ?? after
    }
  }

  #wake(name: string, gate: Gate, number: number, key: string): void {
    const core = this.#core()
    let passing: (() => boolean) | undefined = () => true
    const underWay = () => passing?.() ?? false
    gate.underWay.add(underWay)
    const woken = core.runs.wake(number, (run) => {
      passing = run.pass(key)
      if (!passing()) this.#lookSoon(name)
    })
    void woken.then((found) => {
      if (found) return
      // Ended meanwhile.
      passing = undefined
      core.commits.add({ statements: [{ sql: 'DELETE FROM waits WHERE run = ?', parameters: [number] }] })
      this.#lookSoon(name)
    })
  }
}

/** Lets it go on; what it returns tells whether it is still on its way to the target. */
type Pass = () => () => boolean

interface Gate {
  readonly waiting: Set<Pass>
  /** Who was let in and has not come to the target yet. */
  readonly underWay: Set<() => boolean>
  onDisk: boolean
  /** How often rows were written. */
  parkings: number
  looking: boolean
  again: boolean
  stopTimer?: (() => void) | undefined
}

const pageSize = 200
const retryMs = 1000
const longestMs = 30_000
