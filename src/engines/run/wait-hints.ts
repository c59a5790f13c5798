import {
  correlationsOf,
  dataOf,
  isObject,
  type CloudEvent,
  type EventFilter,
  type Json,
} from '../../workflow/index.ts'

/**
 * By what a wait can be found among 100,000 others for the same event type: something of the event, and the one value
 * of it that the filter takes. Where a filter has nothing of the kind, `by` is empty and the filter is asked itself.
 *
 * `by` is `@subject` for an attribute, `.data.caseId` for a member of the data, `=<expression>` for a correlation.
 */
export interface Hint {
  readonly by: string
  readonly value: string
}

export const noHint: Hint = { by: '', value: '' }

export function hintOf(filter: EventFilter): Hint {
  const { type: _, data, ...attributes } = filter.with
  for (const [name, expected] of Object.entries(attributes)) {
    const value = onlyValue(expected, filter)
    if (value !== undefined) return { by: `@${name}`, value }
  }
  for (const { from, expect } of Object.values(filter.correlate ?? {})) {
    const value = scalar(expect)
    if (value !== undefined && !from.includes('$__') && !/\$[A-Za-z_]/.test(from))
      return { by: `=${from}`, value }
  }
  return hintInData(data, filter) ?? noHint
}

/** What the event has there; `undefined` where it has nothing, so that no wait with this hint takes it. */
export function valueOf(by: string, event: CloudEvent): string | undefined {
  if (by.startsWith('@')) return scalar(event[by.slice(1)])
  if (by.startsWith('=')) {
    return scalar(
      correlationsOf({ with: {}, correlate: { it: { from: by.slice(1) } }, variables: {} }, event).it,
    )
  }
  const steps = by.split('.').slice(2)
  return scalar(steps.reduce<Json>((at, step) => (isObject(at) ? (at[step] ?? null) : null), dataOf(event)))
}

/** A condition such as `${ .caseId == $workflow.input.id }`, or a map with a member that has one value. */
function hintInData(data: Json | undefined, filter: EventFilter): Hint | undefined {
  if (isObject(data)) {
    for (const [name, expected] of Object.entries(data)) {
      // An expression within data is a condition: anything but false is yes.
      const literal = typeof expected !== 'string' || !expected.includes('${')
      const value = literal && /^\w+$/.test(name) ? onlyValue(expected, filter) : undefined
      if (value !== undefined) return { by: `.data.${name}`, value }
    }
  }
  if (typeof data !== 'string') return undefined
  const [, path, constant] = condition.exec(data) ?? []
  const value = path && constant ? evaluated(constant, filter) : undefined
  return value === undefined ? undefined : { by: `.data${path}`, value }
}

/** The only text that the expected value takes. A pattern may take several, a condition any. */
function onlyValue(expected: Json | undefined, filter: EventFilter): string | undefined {
  if (typeof expected !== 'string') return scalar(expected)
  const [, expression] = /^\s*\$\{([\s\S]*)\}\s*$/.exec(expected) ?? []
  if (expression !== undefined) return constantOf(expression, filter)
  return /[\\^$*+?()[\]{}|]/.test(expected) ? undefined : expected
}

const path = String.raw`\$[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*`
const text = String.raw`"(?:[^"\\]|\\["\\/bfnrt]|\\u[\da-fA-F]{4}|\\\(\s*${path}\s*\))*"`
const term = String.raw`(?:${path}|${text}|-?\d+(?:\.\d+)?)`
const constant = String.raw`${term}(?:\s*\+\s*${term})*(?:\s*\|\s*tostring)?`
const constantPattern = new RegExp(String.raw`^\s*${constant}\s*$`)
const condition = new RegExp(String.raw`^\s*\$\{\s*((?:\.[A-Za-z_]\w*)+)\s*==\s*(${constant})\s*\}\s*$`)

/** The value of an expression that speaks of the run's data alone: the event cannot change it. */
function constantOf(expression: string, filter: EventFilter): string | undefined {
  return constantPattern.test(expression) ? evaluated(expression, filter) : undefined
}

function evaluated(expression: string, { variables }: EventFilter): string | undefined {
  const nothing: CloudEvent = { specversion: '1.0', id: '-', source: '-', type: '-' }
  const value = correlationsOf({ with: {}, correlate: { it: { from: expression } }, variables }, nothing).it
  // True and false are an answer, not a value to compare with.
  return typeof value === 'boolean' ? undefined : scalar(value)
}

/** As filters compare: a text also stands for the number or boolean that it writes. */
function scalar(value: Json | undefined): string | undefined {
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value)
}
