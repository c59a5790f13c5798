import type { EventConsumptionStrategy, EventFilterDefinition, ListenTask } from '../definition/types.ts'
import { everyEvent, filterOf } from '../event-filters.ts'
import { correlationsOf, dataOf, type CloudEvent, type EventFilter } from '../events.ts'
import type { Frame } from '../frame.ts'
import { iterate } from '../iterator.ts'
import type { Json, JsonObject } from '../json.ts'

/**
 * dsl-reference.md, "Listen": the output is always the array of the events that were consumed, in order, as `read`
 * and `foreach` make of them. `one` waits for one event, `all` for one of each filter, `any` for one of any filter;
 * with `until` it goes on until the condition holds of the events so far, or until other events have come, which
 * are not part of the output. Each event is dealt with before the next one is taken.
 */
export async function listenTask(frame: Frame): Promise<Json> {
  const { listen, foreach } = frame.node.task as ListenTask
  const read = readers[listen.read ?? 'data']
  const items: Json[] = []
  const outputs: Json[] = []
  await consume(frame, listen.to, async (event) => {
    const item = read(event)
    items.push(item)
    outputs.push(await iterate(frame, foreach, '/foreach', item, outputs.length))
    if (frame.then === 'end') return false
    const { until } = listen.to
    return typeof until !== 'string' || !frame.holds(until, [...items], '/listen/to/until')
  })
  return outputs
}

const readers: { readonly [read in 'data' | 'envelope' | 'raw']: (event: CloudEvent) => Json } = {
  data: dataOf,
  envelope: (event) => event as Json,
  /** The payload before it was decoded: base64 where it came as bytes, otherwise as it was written. */
  raw: (event) =>
    event.data_base64 ?? (typeof event.data === 'string' ? event.data : JSON.stringify(event.data ?? null)),
}

/** Gives each event to `handle` until the strategy is satisfied, or `handle` says that it is enough. */
async function consume(
  frame: Frame,
  strategy: EventConsumptionStrategy,
  handle: (event: CloudEvent) => Promise<boolean>,
): Promise<void> {
  frame.run.report({ kind: 'workflow.correlation-started' })
  const correlations = new Correlations()
  const open = new Pending(frame, strategy, '/listen/to', correlations)
  const { until } = strategy
  const ending =
    until !== undefined && typeof until !== 'string'
      ? new Pending(frame, until, '/listen/to/until', correlations)
      : undefined
  const goesOn = until !== undefined
  for (let index = 0; !open.done && !ending?.done; index++) {
    const endings = ending?.filters ?? []
    const filters = [...endings, ...open.filters]
    frame.run.stirred()
    const { event, filter } = await frame.run.context.event(
      `${frame.key}/event[${index}]`,
      filters,
      frame.scope,
    )
    correlations.learn(filters[filter] as EventFilter, event)
    if (filter < endings.length) {
      ending?.take(filter)
      continue
    }
    if (!goesOn) open.take(filter - endings.length)
    if (!(await handle(event))) break
  }
  frame.run.report({ kind: 'workflow.correlation-completed', ...correlations.report() })
}

/** The filters of a strategy that still wait for an event. */
class Pending {
  readonly #frame: Frame
  readonly #correlations: Correlations
  readonly #all: boolean
  #open: readonly { readonly definition: EventFilterDefinition | undefined; readonly place: string }[]

  constructor(frame: Frame, strategy: EventConsumptionStrategy, place: string, correlations: Correlations) {
    this.#frame = frame
    this.#correlations = correlations
    this.#all = strategy.all !== undefined
    this.#open = definitionsOf(strategy).map(([definition, step]) => ({ definition, place: place + step }))
  }

  get done(): boolean {
    return this.#open.length === 0
  }

  /** What they are now: conditions see the context as it is, correlations what was learnt. */
  get filters(): readonly EventFilter[] {
    return this.#open.map(({ definition, place }) =>
      definition ? this.#correlations.expect(filterOf(this.#frame, definition, place)) : everyEvent,
    )
  }

  take(index: number): void {
    this.#open = this.#all ? this.#open.toSpliced(index, 1) : []
  }
}

function definitionsOf(strategy: EventConsumptionStrategy): [EventFilterDefinition | undefined, string][] {
  if (strategy.one) return [[strategy.one, '/one']]
  if (strategy.all) return strategy.all.map((filter, index) => [filter, `/all/${index}`])
  const any = strategy.any ?? []
  return any.length === 0 ? [[undefined, '/any']] : any.map((filter, index) => [filter, `/any/${index}`])
}

/** Per key, the first value that an event had is what the later ones must have. */
class Correlations {
  readonly #learnt: JsonObject = {}

  expect(filter: EventFilter): EventFilter {
    if (!filter.correlate) return filter
    const correlate = Object.entries(filter.correlate).map(([key, correlation]) => {
      const learnt = this.#learnt[key]
      return [
        key,
        learnt === undefined || correlation.expect !== undefined
          ? correlation
          : { ...correlation, expect: learnt },
      ]
    })
    return { ...filter, correlate: Object.fromEntries(correlate) as NonNullable<EventFilter['correlate']> }
  }

  learn(filter: EventFilter, event: CloudEvent): void {
    for (const [key, value] of Object.entries(correlationsOf(filter, event))) this.#learnt[key] ??= value
  }

  report(): { correlationKeys?: JsonObject } {
    return Object.keys(this.#learnt).length === 0 ? {} : { correlationKeys: { ...this.#learnt } }
  }
}
