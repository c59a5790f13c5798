import { compile, type Program } from '../../jq/index.ts'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { Arrival, Feed } from './protocols/protocol.ts'

/** Most that one subscription collects before it ends: it becomes one value of the run. */
const mostMessages = 100_000
const mostBytes = 50_000_000

/**
 * Takes messages until there are enough (dsl-reference.md, "AsyncAPI Subscription Lifetime"): `amount`; `while`,
 * asked after each message; `until`, asked before each; or the time in `for` is over. `.` is the message in `filter`,
 * and the list of messages so far in `while` and `until`. What it gives is not acknowledged yet.
 */
export async function consume(
  feed: Feed,
  { lifetime, conditions }: Wanted,
  signal: AbortSignal,
): Promise<readonly Arrival[]> {
  const time = timer(lifetime.forMs, signal)
  const messages: JsonObject[] = []
  const taken: Arrival[] = []
  let bytes = 0
  try {
    while (lifetime.amount === undefined || messages.length < lifetime.amount) {
      if (conditions.until?.(messages)) break
      const arrival = await nextMatching(feed, conditions.filter, time.signal)
      if (!arrival) break
      messages.push(arrival.message)
      taken.push(arrival)
      bytes += JSON.stringify(arrival.message).length
      if (messages.length > mostMessages || bytes > mostBytes) {
        throw fault(
          'runtime',
          `The subscription took ${messages.length} messages of ${bytes} bytes, and still goes on: bound it, or handle each with \`foreach\`.`,
        )
      }
      if (conditions.while && !conditions.while(messages)) break
    }
  } catch (error) {
    if (signal.aborted || !time.over()) throw error
  } finally {
    time.clear()
  }
  return taken
}

/** The next message that the filter takes; others are acknowledged and passed over. `undefined` where none comes any more. */
export async function nextMatching(
  feed: Feed,
  filter: ((message: Json) => boolean) | undefined,
  signal: AbortSignal,
): Promise<Arrival | undefined> {
  for (;;) {
    const arrival = await feed.next(signal)
    if (!arrival || !filter || filter(arrival.message)) return arrival
    await arrival.acknowledge()
  }
}

/** What a subscription asks for, understood. */
export interface Wanted {
  readonly lifetime: Lifetime
  readonly conditions: Conditions
}

/** Throws a `configuration` or `expression` fault where it cannot be understood. */
export const wantedOf = (subscription: JsonObject): Wanted => ({
  lifetime: lifetimeOf(subscription),
  conditions: conditionsOf(subscription),
})

interface Lifetime {
  readonly amount: number | undefined
  readonly forMs: number | undefined
}

function lifetimeOf(subscription: JsonObject): Lifetime {
  const consume = isObject(subscription['consume']) ? subscription['consume'] : {}
  const { amount, for: time } = consume
  if (amount !== undefined && !(Number.isInteger(amount) && Number(amount) >= 0)) {
    throw fault('configuration', '`consume.amount` is a number of messages.')
  }
  if (amount === undefined && consume['while'] === undefined && consume['until'] === undefined) {
    throw fault('configuration', '`consume` has `amount`, `while` or `until`.')
  }
  const forMs = isObject(time) ? time['milliseconds'] : undefined
  if (time !== undefined && typeof forMs !== 'number')
    throw fault('configuration', '`consume.for` is a duration.')
  return { amount: amount as number | undefined, forMs: forMs as number | undefined }
}

type Condition = (dot: Json) => boolean

interface Conditions {
  readonly filter?: Condition
  readonly while?: Condition
  readonly until?: Condition
}

/** The expressions with the values that they were captured with. As in jq, false and null are no. */
function conditionsOf(subscription: JsonObject): Conditions {
  const variables = isObject(subscription['variables']) ? subscription['variables'] : {}
  const consume = isObject(subscription['consume']) ? subscription['consume'] : {}
  const condition = (name: 'filter' | 'while' | 'until', text: Json | undefined): Conditions => {
    if (text === undefined) return {}
    if (typeof text !== 'string')
      throw fault('configuration', `\`${name}\` of a subscription is an expression.`)
    const jq = /^\s*\$\{([^]+)\}\s*$/.exec(text)?.[1] ?? text
    const failed = (error: unknown) =>
      fault(
        'expression',
        `The expression '${text.slice(0, 200)}' of \`${name}\` failed: ${(error as Error).message}`,
      )
    let program: Program
    try {
      program = compile(jq, { variables: Object.keys(variables), now: () => Date.now() / 1000 })
    } catch (error) {
      throw failed(error)
    }
    const holds: Condition = (dot) => {
      try {
        const value = program.first(dot, variables)
        return value !== undefined && value !== null && value !== false
      } catch (error) {
        throw failed(error)
      }
    }
    return { [name]: holds }
  }
  return {
    ...condition('filter', subscription['filter']),
    ...condition('while', consume['while']),
    ...condition('until', consume['until']),
  }
}

/** A signal that also aborts when the time is over. */
export function timer(ms: number | undefined, signal: AbortSignal) {
  const own = new AbortController()
  const timeout =
    ms === undefined ? undefined : setTimeout(() => own.abort(), Math.min(Math.max(0, ms), 2 ** 31 - 1))
  return {
    signal: AbortSignal.any([signal, own.signal]),
    over: () => own.signal.aborted,
    clear: () => clearTimeout(timeout),
  }
}
