import type { ActivityCall } from '../activity.ts'
import type { ChildRun, ConsumedEvent, DurableContext } from '../durable-context.ts'
import { matches, type CloudEvent, type EventFilter } from '../events.ts'
import type { Json } from '../json.ts'
import type { LifecycleReport } from '../lifecycle.ts'
import { problemOf, WorkflowFault, type Problem } from '../problem.ts'
import { Cancelled, type Scope } from '../scope.ts'

/** What the world does when a run asks something of it. Times are milliseconds of the virtual clock. */
export interface World {
  /** By kind: gives a result, throws a fault, or says how long it takes. */
  readonly activities?: { readonly [kind: string]: (input: Json, asked: Asked) => Json | Taking }
  readonly children?: (child: ChildRun, asked: Asked) => Json | Taking
  /** Published at `at` (default: the start), in order. */
  readonly events?: readonly (
    (CloudEvent & { readonly at?: never }) | { readonly at: number; readonly event: CloudEvent }
  )[]
  /** Cancels the root scope at that time. */
  readonly cancelAt?: number
}

export interface Asked {
  readonly key: string
  readonly call?: ActivityCall
  /** How many effects of this kind were carried out before. */
  readonly count: number
}

/** A result that comes only after a while. */
export class Taking {
  readonly milliseconds: number
  readonly result: Json | WorkflowFault

  constructor(milliseconds: number, result: Json | WorkflowFault) {
    this.milliseconds = milliseconds
    this.result = result
  }
}

export function after(milliseconds: number, result: Json | WorkflowFault = null): Taking {
  return new Taking(milliseconds, result)
}

/** The result of one effect, in the order in which the run was given them. */
export interface Entry {
  readonly key: string
  readonly at: number
  readonly outcome:
    { readonly value: Json | ConsumedEvent } | { readonly error: Problem } | { readonly cancel: true }
}

interface Pending {
  readonly key: string
  readonly order: number
  /** When it is due; `undefined` for a wait for an event. */
  readonly due: number | undefined
  readonly filters?: readonly EventFilter[]
  readonly work?: () => Json | Taking
  result?: Json | WorkflowFault
  readonly settle: (outcome: { value: Json | ConsumedEvent } | { error: Error }) => void
}

/**
 * A `DurableContext` in memory, for tests: a virtual clock, scripted activities, a journal, and delivery of one
 * result at a time, each once all that followed from the one before has come to rest. Given a journal, it answers
 * from that first and carries out no effect that is in it.
 */
export class MemoryContext implements DurableContext {
  readonly journal: Entry[] = []
  readonly reports: LifecycleReport[] = []
  /** Keys of the effects that were carried out, in order; those answered from a journal are not among them. */
  readonly carriedOut: string[] = []
  /** Everything that was asked for, with its key: a key asked for twice is an error. */
  readonly asked = new Map<string, ActivityCall | ChildRun | readonly EventFilter[] | number>()
  readonly #world: World
  readonly #recorded: Entry[]
  readonly #root: Scope
  readonly #pending = new Map<string, Pending>()
  readonly #inbox: { at: number; event: CloudEvent }[]
  readonly #counts = new Map<string, number>()
  #now: number
  #order = 0
  #cancelled = false

  constructor(world: World, root: Scope, startedAt: number, recorded: readonly Entry[] = []) {
    this.#world = world
    this.#root = root
    this.#now = startedAt
    this.#recorded = [...recorded]
    this.#inbox = (world.events ?? []).map((each) =>
      'event' in each && 'at' in each
        ? { at: each.at, event: each.event as CloudEvent }
        : { at: startedAt, event: each },
    )
  }

  now(): number {
    return this.#now
  }

  uuid(key: string): string {
    let hash = 0xcbf29ce484222325n
    for (const unit of key) hash = BigInt.asUintN(64, (hash ^ BigInt(unit.charCodeAt(0))) * 0x100000001b3n)
    const hex = hash.toString(16).padStart(16, '0').repeat(2)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }

  activity(key: string, call: ActivityCall, scope: Scope): Promise<Json> {
    const work = () => {
      const script = this.#world.activities?.[call.kind]
      if (call.kind === 'emit' && !script) return call.input
      if (!script) throw new Error(`no script for activities of kind '${call.kind}'`)
      return script(call.input, { key, call, count: this.#count(call.kind) })
    }
    return this.#ask(key, call, scope, { due: this.#now, work }) as Promise<Json>
  }

  async sleep(key: string, until: number, scope: Scope): Promise<void> {
    await this.#ask(key, until, scope, { due: Math.max(until, this.#now), work: () => null })
  }

  event(key: string, filters: readonly EventFilter[], scope: Scope): Promise<ConsumedEvent> {
    return this.#ask(key, filters, scope, { due: undefined, filters }) as Promise<ConsumedEvent>
  }

  child(key: string, child: ChildRun, scope: Scope): Promise<Json> {
    const work = () => {
      if (!this.#world.children) throw new Error('no script for children')
      return this.#world.children(child, { key, count: this.#count('child') })
    }
    return this.#ask(key, child, scope, { due: this.#now, work }) as Promise<Json>
  }

  report(event: LifecycleReport): void {
    this.reports.push(event)
  }

  /** Gives results until the run has ended, or waits for an event that does not come. */
  async drive(run: Promise<unknown>): Promise<'ended' | 'waiting'> {
    let ended = false
    run.then(
      () => (ended = true),
      () => (ended = true),
    )
    for (;;) {
      await rest()
      if (ended) return 'ended'
      if (!(this.#recorded.length > 0 ? this.#deliverRecorded() : this.#deliverNext())) return 'waiting'
    }
  }

  #ask(
    key: string,
    what: ActivityCall | ChildRun | readonly EventFilter[] | number,
    scope: Scope,
    effect: Pick<Pending, 'due' | 'filters' | 'work'>,
  ): Promise<Json | ConsumedEvent> {
    if (this.asked.has(key)) return Promise.reject(new Error(`the key ${key} was used before`))
    this.asked.set(key, what)
    return new Promise((resolve, reject) => {
      if (scope.reason) return reject(scope.reason)
      const off = scope.onCancel((reason) => {
        this.#pending.delete(key)
        reject(reason)
      })
      const settle: Pending['settle'] = (outcome) => {
        off()
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.value)
      }
      const order = this.#order++
      const pending: Pending = { key, order, settle, ...effect }
      this.#pending.set(key, pending)
    })
  }

  #deliverRecorded(): boolean {
    const entry = this.#recorded.shift() as Entry
    this.#now = entry.at
    if ('cancel' in entry.outcome) {
      this.journal.push(entry)
      this.#cancelled = true
      this.#root.cancel(new Cancelled('run-cancelled'))
      return true
    }
    const pending = this.#pending.get(entry.key)
    if (!pending) throw new Error(`the journal has a result for ${entry.key}, which the run did not ask for`)
    if ('value' in entry.outcome) this.#drop(entry.outcome.value)
    this.#settle(pending, entry)
    return true
  }

  /** What was consumed before the journal ends is not in the inbox any more. */
  #drop(value: Json | ConsumedEvent): void {
    if (typeof value !== 'object' || value === null || !('event' in value)) return
    const { id } = value.event as CloudEvent
    const index = this.#inbox.findIndex(({ event }) => event.id === id)
    if (index >= 0) this.#inbox.splice(index, 1)
  }

  #deliverNext(): boolean {
    this.#carryOut()
    const ready = [...this.#pending.values()]
      .map((pending) => ({ pending, at: this.#dueOf(pending) }))
      .filter((each): each is { pending: Pending; at: number } => each.at !== undefined)
      .sort((a, b) => a.at - b.at || a.pending.order - b.pending.order)
    const [first] = ready
    const { cancelAt } = this.#world
    if (cancelAt !== undefined && !this.#cancelled && (!first || first.at >= cancelAt)) {
      this.#now = Math.max(this.#now, cancelAt)
      this.#recordedCancel()
      return true
    }
    if (!first) return false
    this.#now = Math.max(this.#now, first.at)
    this.#settle(first.pending, {
      key: first.pending.key,
      at: this.#now,
      outcome: this.#outcomeOf(first.pending),
    })
    return true
  }

  #recordedCancel(): void {
    this.#cancelled = true
    this.journal.push({ key: '', at: this.#now, outcome: { cancel: true } })
    this.#root.cancel(new Cancelled('run-cancelled'))
  }

  /** Carries out what was asked for since the last delivery, in the order of asking. */
  #carryOut(): void {
    for (const pending of this.#pending.values()) {
      if (!pending.work || pending.result !== undefined) continue
      this.carriedOut.push(pending.key)
      try {
        const result = pending.work()
        pending.result = result instanceof Taking ? result.result : result
        if (result instanceof Taking)
          Object.assign(pending, { due: (pending.due as number) + result.milliseconds })
      } catch (error) {
        if (!problemOf(error)) throw error
        pending.result = error as WorkflowFault
      }
    }
  }

  #dueOf(pending: Pending): number | undefined {
    if (!pending.filters) return pending.due
    return this.#firstMatch(pending.filters)?.at
  }

  #firstMatch(filters: readonly EventFilter[]) {
    for (const [index, received] of this.#inbox.entries()) {
      const filter = filters.findIndex((each) => matches(each, received.event))
      if (filter >= 0) return { index, filter, ...received }
    }
    return undefined
  }

  #outcomeOf(pending: Pending): Entry['outcome'] {
    if (pending.filters) {
      const match = this.#firstMatch(pending.filters)
      if (!match) throw new Error('nothing matches any more')
      this.#inbox.splice(match.index, 1)
      return { value: { event: match.event, filter: match.filter } }
    }
    const result = pending.result as Json | WorkflowFault
    return result instanceof WorkflowFault ? { error: result.problem } : { value: result }
  }

  #settle(pending: Pending, entry: Entry): void {
    this.#pending.delete(pending.key)
    this.journal.push(entry)
    if ('error' in entry.outcome) pending.settle({ error: new WorkflowFault(entry.outcome.error) })
    else if ('value' in entry.outcome) pending.settle({ value: entry.outcome.value })
  }

  #count(kind: string): number {
    const count = this.#counts.get(kind) ?? 0
    this.#counts.set(kind, count + 1)
    return count
  }
}

/** Until no promise has anything left to do. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
