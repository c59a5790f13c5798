import type { Cluster } from './cluster.ts'
import { names } from './protocol.ts'

const lookEvery = 500
/** Much happens at a target that is busy: looks are so long apart at least. */
const lookAfter = 100
/** For how long one that was told is thought to be on its way to the target. */
const onTheWayMs = 2000
/** When one that still waits is told again. */
const tellAgainMs = 10_000

/**
 * Lets runs go on that wait for a target, as soon as there is room, and no more of them than there is room for: for
 * whoever leads. The rows of `waits` say who waits, the longest waiting first; the gatekeeper knows what all processes
 * together have room for.
 */
export class Gates {
  readonly #core: Cluster
  readonly #gates = new Map<string, Map<string, number>>()
  #stopTimer: (() => void) | undefined
  #nextAt = Infinity
  #lookedAt = -Infinity
  #looking = false
  #stopped = false

  constructor(core: Cluster) {
    this.#core = core
    core.gatekeeper?.onRoom((name) => {
      if (this.#gates.has(name)) this.#lookAt(this.#lookedAt + lookAfter)
    })
    this.#lookAt(0)
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer?.()
  }

  #lookAt(at: number): void {
    if (this.#stopped || this.#looking || at >= this.#nextAt) return
    this.#stopTimer?.()
    this.#nextAt = at
    this.#stopTimer = this.#core.timers.set(at, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { log, clock } = this.#core
    this.#looking = true
    this.#lookedAt = clock.now()
    try {
      const waiting = await this.#waiting()
      for (const name of this.#gates.keys()) if (!waiting.has(name)) this.#gates.delete(name)
      for (const name of waiting) await this.#letIn(name)
    } catch (error) {
      log('error', 'Those who wait for a target cannot be told; trying again.', { error: String(error) })
    }
    this.#looking = false
    this.#nextAt = Infinity
    this.#lookAt(clock.now() + lookEvery)
  }

  /** Targets for which somebody waits: each found with one step into the index. */
  async #waiting(): Promise<Set<string>> {
    const found = new Set<string>()
    for (let after = ''; ;) {
      const rows = await this.#core.database.query<{ hint: string }>(
        "SELECT hint FROM waits WHERE kind = 'gate' AND hint > ? ORDER BY hint LIMIT 1",
        [after],
      )
      if (!rows[0]) return found
      after = rows[0].hint
      found.add(after)
    }
  }

  async #letIn(name: string): Promise<void> {
    const { gatekeeper, database, clock, runs } = this.#core
    const told = this.#gates.get(name) ?? new Map<string, number>()
    this.#gates.set(name, told)
    const now = clock.now()
    for (const [one, at] of told) if (at < now - tellAgainMs) told.delete(one)
    const { passes = 0, askAt = Infinity } = gatekeeper?.room(name) ?? {}
    if (askAt < now + lookEvery) this.#lookAt(askAt)
    const onTheWay = [...told.values()].filter((at) => at > now - onTheWayMs).length
    const room = passes - onTheWay
    if (room <= 0) return
    const rows = await database.query<{ id: string; key: string }>(
      `SELECT runs.id AS id, waits.key AS key FROM waits JOIN runs ON runs.number = waits.run
       WHERE waits.kind = 'gate' AND waits.hint = ? AND runs.status = 'waiting' ORDER BY waits.number LIMIT ?`,
      [name, Math.min(room + told.size, mostRows)],
    )
    const next = rows.filter(({ id, key }) => !told.has(`${id}${key}`)).slice(0, room)
    await Promise.all(
      next.map(async ({ id, key }) => {
        told.set(`${id}${key}`, now)
        await runs.tell(id, names.pass, key)
      }),
    )
  }
}

const mostRows = 1000
