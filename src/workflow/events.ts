import { compile } from '../jq/index.ts'
import { enclosed } from './definition/enclosed.ts'
import { Names, evaluate, type Arguments } from './expressions.ts'
import { equalJson, isObject, member, type Json, type JsonObject } from './json.ts'
import { limits } from './limits.ts'

/** A CloudEvent 1.0 in structured form: context attributes, extensions, and `data` or `data_base64`. */
export interface CloudEvent {
  specversion: '1.0'
  id: string
  source: string
  type: string
  time?: string
  subject?: string
  datacontenttype?: string
  dataschema?: string
  data?: Json
  data_base64?: string
  [extension: string]: Json | undefined
}

/** UTF-16 units of what events are found by: those from outside, and those of our own. */
export const longestAttributes = { id: 1000, type: 1000, source: 2000, subject: 10_000 } as const

/**
 * An event filter (dsl-reference.md, "Event Filter") ready to be stored and matched without the run:
 * whatever in it depended on the run's data is evaluated or captured in `variables`.
 */
export interface EventFilter {
  /** Attribute name to: a literal or regular expression to match, or a jq condition `${ … }` on the attribute's value. */
  readonly with: { readonly [attribute: string]: Json }
  /** Correlation keys: `from` is a jq expression on the event; `expect` is the value that it must yield, if known. */
  readonly correlate?: { readonly [key: string]: { readonly from: string; readonly expect?: Json } }
  /** Arguments of the expressions: `context`, `input`, `workflow`, loop variables … as they were when the wait began. */
  readonly variables: { readonly [name: string]: Json }
}

/**
 * Whether the filter takes the event: every attribute in `with` matches, and every correlation finds a value,
 * the expected one where that is known. Never throws: an expression that fails does not match.
 *
 * How an attribute matches
 * - a text: the equal text; else a regular expression, as jq has them, that matches the whole, in bounded time;
 * - `${ … }`: evaluated on the attribute's value. True and false decide; any other value must equal the attribute
 *   (of `data`, where a condition is meant, anything but null and false is yes);
 * - a map or list, of `data`: its members match the data's members; the data may have more;
 * - anything else: the equal value.
 */
export function matches(filter: EventFilter, event: CloudEvent): boolean {
  const from = argumentsOf(filter)
  for (const [attribute, expected] of Object.entries(filter.with)) {
    const actual = attribute === 'data' ? dataOf(event) : member(event as JsonObject, attribute)
    if (actual === undefined || !matchesValue(expected, actual, from, attribute === 'data')) return false
  }
  const found = correlationsOf(filter, event)
  return Object.entries(filter.correlate ?? {}).every(([key, { expect }]) => {
    const actual = found[key]
    return actual !== undefined && actual !== null && (expect === undefined || corresponds(expect, actual))
  })
}

/** The values by which the event correlates, null where it has none. */
export function correlationsOf(filter: EventFilter, event: CloudEvent): { [key: string]: Json } {
  const from = argumentsOf(filter)
  return Object.fromEntries(
    Object.entries(filter.correlate ?? {}).map(([key, correlation]) => [
      key,
      attempt(correlation.from, event as Json, from) ?? null,
    ]),
  )
}

/**
 * The event types that the filter can match, for an index: those of a literal `with.type` or of alternatives such
 * as `a|b`; `undefined` where it can be any. A dot in a type stands for itself here, as it does in reverse DNS names.
 */
export function typesOf(filter: EventFilter): string[] | undefined {
  const { type } = filter.with
  if (typeof type !== 'string') return undefined
  const value = constantIn(type)
  return value === undefined ? literalsOf(type) : [String(value)]
}

/** An expression that is nothing but a value: it stands for exactly that, never for a regular expression. */
export function constant(value: string | number): string {
  return `\${ ${JSON.stringify(value)} }`
}

function constantIn(text: string): string | number | undefined {
  // As `constant` writes it: a text of jq may hold an interpolation, `\(…)`, which JSON does not have.
  const json = /^\$\{ ("(?:[^"\\]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?) \}$/.exec(
    text,
  )?.[1]
  return json === undefined ? undefined : (JSON.parse(json) as string | number)
}

/** The texts that a pattern of nothing but alternatives stands for: `a|b`. A dot does not make it an expression. */
function literalsOf(pattern: string): string[] | undefined {
  return /[\\^$*+?()[\]{}]/.test(pattern) ? undefined : pattern.split('|')
}

/** The event's data; base64 where it came as bytes. */
export function dataOf(event: CloudEvent): Json {
  return event.data ?? event.data_base64 ?? null
}

function matchesValue(expected: Json, actual: Json, from: Arguments, isData: boolean): boolean {
  if (typeof expected === 'string') return matchesText(expected, actual, from, isData)
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return false
    return expected.every((item, index) => matchesValue(item, actual[index] as Json, from, isData))
  }
  if (!isObject(expected)) return corresponds(expected, actual)
  return (
    isObject(actual) &&
    Object.entries(expected).every(([key, value]) => {
      const inner = member(actual, key)
      return inner !== undefined && matchesValue(value, inner, from, isData)
    })
  )
}

function matchesText(expected: string, actual: Json, from: Arguments, isData: boolean): boolean {
  if (enclosed(expected) !== undefined) {
    const value = constantIn(expected) ?? attempt(expected, actual, from) ?? false
    return isData || typeof value === 'boolean' ? value !== false : corresponds(value, actual)
  }
  if (corresponds(expected, actual)) return true
  if (typeof actual === 'object') return false
  const text = String(actual)
  return literalsOf(expected)?.includes(text) ?? matchesWhole(expected, text)
}

const whole = compile('test("\\\\A(?:" + $pattern + ")\\\\z")', {
  variables: ['pattern'],
  limits: { steps: limits.patternSteps },
})

/** False, too, for a text that is no regular expression or would take too long. */
function matchesWhole(pattern: string, subject: string): boolean {
  if (pattern.length > limits.pattern || subject.length > limits.subject) return false
  try {
    return whole.first(subject, { pattern }) === true
  } catch {
    return false
  }
}

/** Equal; a text also stands for the number or boolean that it writes, since a definition has only texts here. */
function corresponds(expected: Json, actual: Json): boolean {
  if (equalJson(expected, actual)) return true
  if (typeof expected === 'string') return typeof actual !== 'object' && String(actual) === expected
  return typeof actual === 'string' && typeof expected !== 'object' && String(expected) === actual
}

function attempt(text: string, dot: Json, from: Arguments): Json | undefined {
  try {
    return evaluate(text, dot, 'captured', from, '')
  } catch {
    return undefined
  }
}

const root = new Names()

function argumentsOf({ variables }: EventFilter): Arguments {
  return {
    names: root.with(...Object.keys(variables)),
    pointer: '',
    argument: (name) => member(variables, name) ?? null,
    requireSecret: () => {},
    now: () => 0,
  }
}
