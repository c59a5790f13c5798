import {
  correlationsOf,
  dataOf,
  matches,
  type CloudEvent,
  type EventFilter,
  type Json,
} from '../../workflow/index.ts'
import type {
  EventConsumptionStrategy,
  EventFilterDefinition,
  Workflow,
} from '../../workflow/definition/index.ts'
import type { InboxEvent } from '../run/host.ts'

/** An event that a schedule has taken, and where it belongs. */
export interface Taken extends InboxEvent {
  /** Number of the first event of the same group. */
  readonly group: number
  /** Index of the filter that took it; those of `until` follow those of the strategy. */
  readonly filter: number
}

/** What an event does: nothing, is kept, or completes a group that starts a run. */
export type Taking = { readonly kept: Taken } | { readonly starts: readonly Taken[]; readonly input: Json[] }

interface Group {
  readonly number: number
  readonly events: Taken[]
  readonly learnt: Map<string, Json>
}

const everyEvent: EventFilter = { with: {}, variables: {} }

/**
 * Gathers the events of a schedule (dsl.md, "Event Driven"; dsl-reference.md, "Event Consumption Strategy"): `one` and
 * `any` start a run for each event, `any` with `until` and `all` when a group is complete. Events with other values of
 * their correlation keys are of another group. The run's input is the array of its events, in the order in which they
 * came, without those that only ended an `until`.
 */
export class Gathering {
  readonly #filters: readonly EventFilter[]
  readonly #ending: readonly EventFilter[]
  readonly #all: boolean
  readonly #allEndings: boolean
  readonly #condition: string | undefined
  readonly #goesOn: boolean
  readonly #read: (event: CloudEvent) => Json
  readonly #groups: Group[] = []

  constructor(workflow: Workflow, kept: readonly Taken[]) {
    const { on, read } = workflow.schedule as { on: EventConsumptionStrategy; read?: keyof typeof readers }
    const { until } = on
    this.#filters = filtersOf(on)
    this.#all = on.all !== undefined
    this.#goesOn = until !== undefined
    this.#condition = typeof until === 'string' ? until : undefined
    const endings = typeof until === 'object' ? (until as EventConsumptionStrategy) : undefined
    this.#ending = endings ? filtersOf(endings) : []
    this.#allEndings = endings?.all !== undefined
    this.#read = readers[read ?? 'envelope']
    for (const taken of kept) {
      const group = this.#groups.find(({ number }) => number === taken.group) ?? this.#open(taken.group)
      this.#put(group, taken)
    }
  }

  take({ seq, event }: InboxEvent): Taking | undefined {
    const own = [...this.#filters.entries()]
    const endings = this.#ending.map((filter, index) => [own.length + index, filter] as const)
    for (const [index, filter] of [...endings, ...own]) {
      if (!matches(filter, event)) continue
      const found = this.#groups.find((group) => this.#fits(group, index, filter, event))
      const isEnding = index >= own.length
      if (!found && isEnding) continue
      const group = found ?? this.#open(seq)
      const kept = { seq, event, group: group.number, filter: index }
      this.#put(group, kept)
      if (!this.#complete(group, isEnding)) return { kept }
      this.#groups.splice(this.#groups.indexOf(group), 1)
      return { starts: group.events, input: this.#input(group) }
    }
    return undefined
  }

  #open(number: number): Group {
    const group: Group = { number, events: [], learnt: new Map() }
    this.#groups.push(group)
    return group
  }

  #put(group: Group, taken: Taken): void {
    group.events.push(taken)
    const filter = [...this.#filters, ...this.#ending][taken.filter]
    if (!filter) return
    for (const [key, value] of Object.entries(correlationsOf(filter, taken.event))) {
      if (!group.learnt.has(key)) group.learnt.set(key, value)
    }
  }

  #fits(group: Group, index: number, filter: EventFilter, event: CloudEvent): boolean {
    const once = index >= this.#filters.length ? this.#allEndings : this.#all
    if (once && group.events.some((taken) => taken.filter === index)) return false
    return Object.entries(correlationsOf(filter, event)).every(([key, value]) => {
      const known = group.learnt.get(key)
      return known === undefined || JSON.stringify(known) === JSON.stringify(value)
    })
  }

  #complete(group: Group, isEnding: boolean): boolean {
    const has = (index: number) => group.events.some((taken) => taken.filter === index)
    if (isEnding) {
      const endings = this.#ending.map((_, index) => this.#filters.length + index)
      return this.#allEndings ? endings.every(has) : true
    }
    if (this.#all) return this.#filters.every((_, index) => has(index))
    if (!this.#goesOn) return true
    return this.#condition !== undefined && holds(this.#condition, this.#input(group))
  }

  #input(group: Group): Json[] {
    return group.events
      .filter(({ filter }) => filter < this.#filters.length)
      .map(({ event }) => this.#read(event))
  }
}

const readers = {
  data: dataOf,
  envelope: (event: CloudEvent) => event as Json,
  raw: (event: CloudEvent): Json =>
    event.data_base64 ?? (typeof event.data === 'string' ? event.data : JSON.stringify(event.data ?? null)),
}

function filtersOf({ one, all, any }: EventConsumptionStrategy): EventFilter[] {
  const definitions = one ? [one] : (all ?? any ?? [])
  return definitions.length === 0 ? [everyEvent] : definitions.map(filterOf)
}

/** There is no run yet whose data an expression could mean. */
function filterOf(definition: EventFilterDefinition): EventFilter {
  const { with: attributes, correlate } = definition
  return {
    with: attributes as { [attribute: string]: Json },
    ...(correlate && { correlate: correlate }),
    variables: {},
  }
}

/** A condition on all events so far: a filter's condition on data is just that. */
function holds(condition: string, events: Json[]): boolean {
  const enclosed = /^\s*\$\{[\s\S]*\}\s*$/.test(condition) ? condition : `\${ ${condition} }`
  const carrier: CloudEvent = { specversion: '1.0', id: '-', source: '-', type: '-', data: events }
  return matches({ with: { data: enclosed }, variables: {} }, carrier)
}
