import { enclosed } from './definition/enclosed.ts'
import { evaluate, type Arguments, type Stage } from './expressions.ts'
import { isObject, pointerStep, put, type Json, type JsonObject } from './json.ts'
import { problemOf } from './problem.ts'

/**
 * Data in a definition in which some strings are expressions (dsl-reference.md, "Evaluate").
 * - strict: a string that is `${ … }` as a whole is evaluated, all else is literal;
 * - loose: every string is tried as an expression; one that fails stands for itself.
 * What an expression gives is data and is never evaluated again.
 */
export type Mode = 'strict' | 'loose'

/** The data with its expressions evaluated on `dot`. Parts without expressions are shared, not copied. */
export function fill(data: unknown, dot: Json, stage: Stage, from: TemplateArguments, place: string): Json {
  return render(templateOf(data as Json, from.mode), dot, stage, from, place)
}

/** A string field that is always an expression, or an object that is a template: `input.from`, `output.as`, … */
export function shape(
  data: string | JsonObject,
  dot: Json,
  stage: Stage,
  from: TemplateArguments,
  place: string,
): Json {
  return typeof data === 'string'
    ? evaluate(data, dot, stage, from, place)
    : fill(data, dot, stage, from, place)
}

export interface TemplateArguments extends Arguments {
  readonly mode: Mode
}

type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly text: string; readonly otherwise?: string }
  | { readonly kind: 'array'; readonly items: readonly Template[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly values: readonly Template[] }

function render(template: Template, dot: Json, stage: Stage, from: TemplateArguments, place: string): Json {
  switch (template.kind) {
    case 'literal':
      return template.value
    case 'expression':
      return attempt(template, dot, stage, from, place)
    case 'array':
      return template.items.map((item, index) => render(item, dot, stage, from, `${place}/${index}`))
    case 'object': {
      const { keys, values } = template
      const object: JsonObject = {}
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i] as string
        put(object, key, render(values[i] as Template, dot, stage, from, `${place}/${pointerStep(key)}`))
      }
      return object
    }
  }
}

function attempt(
  template: { readonly text: string; readonly otherwise?: string },
  dot: Json,
  stage: Stage,
  from: TemplateArguments,
  place: string,
): Json {
  if (template.otherwise === undefined) return evaluate(template.text, dot, stage, from, place)
  try {
    return evaluate(template.text, dot, stage, from, place)
  } catch (error) {
    if (problemOf(error)?.status === 403) throw error
    return template.otherwise
  }
}

const known = { strict: new WeakMap<object, Template>(), loose: new WeakMap<object, Template>() }

function templateOf(data: Json, mode: Mode): Template {
  if (typeof data !== 'object' || data === null) return build(data, mode)
  let template = known[mode].get(data)
  if (!template) known[mode].set(data, (template = build(data, mode)))
  return template
}

function build(data: Json, mode: Mode): Template {
  if (typeof data === 'string') {
    const text = enclosed(data)
    if (mode === 'loose') return { kind: 'expression', text: text ?? data, otherwise: data }
    return text === undefined ? { kind: 'literal', value: data } : { kind: 'expression', text }
  }
  if (Array.isArray(data)) {
    const items = data.map((item) => build(item, mode))
    return items.every(isLiteral) ? { kind: 'literal', value: data } : { kind: 'array', items }
  }
  if (isObject(data)) {
    const values = Object.values(data).map((value) => build(value, mode))
    return values.every(isLiteral)
      ? { kind: 'literal', value: data }
      : { kind: 'object', keys: Object.keys(data), values }
  }
  return { kind: 'literal', value: data }
}

function isLiteral(template: Template): boolean {
  return template.kind === 'literal'
}
