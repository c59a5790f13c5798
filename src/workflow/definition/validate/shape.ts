import type { Json, JsonObject } from '../../json.ts'
import { isObject } from '../../json.ts'
import { enclosed } from '../enclosed.ts'
import type { Declaration } from '../schema/vocabulary.ts'
import { checkKeys } from './keys.ts'
import { declaring, into, type Moment, type Place } from './place.ts'
import type { Walk } from './walk.ts'
import { capital, described, matchesType, nameOf, quoted, suggestion, typeWord } from './words.ts'

/**
 * Holds a value against its declaration and reports each difference once, where it is, in a sentence.
 * Of alternatives only the one that the author meant is looked at. On the way it collects expressions,
 * references and schemas, to be judged when the whole definition has been seen.
 */
export function checkShape(declaration: Declaration, value: Json, place: Place, walk: Walk): void {
  const here = entered(declaration, value, place)
  if (declaration.$ref) return walk.refer(declaration.$ref, value, here)
  if (declaration.anyOf) return checkAlternatives(declaration, declaration.anyOf, value, here, walk)
  if (!matchesType(declaration, value)) return wrongType([declaration], value, here, walk)
  const role = declaration['x-role']
  if (role === 'template' || role === 'option') collectTemplate(value, here, walk, role)
  if (declaration['x-role'] === 'json-schema' && isObject(value))
    walk.sites.schemas.push({ schema: value, pointer: here.pointer })
  if (typeof value === 'string') checkText(declaration, value, here, walk)
  else if (typeof value === 'number') checkNumber(declaration, value, here, walk)
  else if (Array.isArray(value)) checkArray(declaration, value, here, walk)
  else if (isObject(value)) checkObject(declaration, value, here, walk)
}

/** The place with the moment and the variables that the declaration brings. */
function entered(declaration: Declaration, value: Json, place: Place): Place {
  const stage = declaration['x-stage']
  const whole = place.moment === 'workflow' && (stage === 'input' || stage === 'output')
  const moment: Moment = stage === undefined ? place.moment : whole ? `workflow-${stage}` : stage
  const scope = declaration['x-variables']
  const variables = scope === 'none' ? new Set<string>() : (scope ?? place.variables)
  const here = { ...place, moment, variables }
  const binds = declaration['x-binds']
  return binds && isObject(value) && !binds.within ? declaring(here, boundNames(binds, value)) : here
}

/** Names of the variables that a value declares: those it gives, else the defaults. */
function boundNames(binds: NonNullable<Declaration['x-binds']>, value: JsonObject): string[] {
  return Object.entries(binds.variables).map(([path, fallback]) => {
    const found = path
      .split('/')
      .reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), value)
    return typeof found === 'string' ? found : fallback
  })
}

function checkAlternatives(
  declaration: Declaration,
  branches: readonly Declaration[],
  value: Json,
  place: Place,
  walk: Walk,
): void {
  const fitting = branches.filter((branch) => matchesType(branch, value))
  const known = (branch: Declaration) =>
    isObject(value)
      ? Object.keys(value).filter((key) => branch.properties && key in branch.properties).length
      : 0
  const [chosen] = fitting.toSorted((one, other) => known(other) - known(one))
  if (chosen) checkShape(chosen, value, place, walk)
  else wrongType(branches, value, place, walk)
}

function wrongType(wanted: readonly Declaration[], value: Json, place: Place, walk: Walk): void {
  const words = [...new Set(wanted.map(typeWord))]
  const wish = words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
  const message = `${capital(nameOf(place.pointer))} must be ${wish}, but is ${described(value)}.`
  walk.report.error('SLUSE-DEFINITION-TYPE', place.pointer, message, { todo: typeAdvice(wanted, value) })
}

function typeAdvice(wanted: readonly Declaration[], value: Json): string | undefined {
  const wants = (type: string) => wanted.some((branch) => branch.type === type)
  const scalar = typeof value === 'number' || typeof value === 'boolean'
  const duration = wanted.some((branch) => branch['x-role'] === 'duration')
  if (duration && scalar) return `Write \`seconds: ${value}\`, or ISO 8601 such as PT30S.`
  if (wants('string') && scalar) return `Put quotes around it: '${value}'.`
  if (typeof value === 'string' && enclosed(value) !== undefined) {
    return 'An expression is not possible here: write the value itself.'
  }
  if (typeof value === 'string' && (wants('integer') || wants('number') || wants('boolean'))) {
    return 'Leave the quotes out and write the value itself.'
  }
  if (wants('array') && !wants('string')) return 'Begin each item with `- `.'
  return undefined
}

function checkText(declaration: Declaration, value: string, place: Place, walk: Walk): void {
  const refuse = (wish: string, todo?: string) => {
    const message = `${capital(nameOf(place.pointer))} must be ${wish}, not ${described(value)}.`
    walk.report.error('SLUSE-DEFINITION-TYPE', place.pointer, message, { todo })
  }
  const words = declaration.enum ?? (declaration.const === undefined ? undefined : [declaration.const])
  if (words && !words.includes(value)) {
    return refuse(quoted(words, 'or'), suggestion(value, words))
  }
  if (value.length < (declaration.minLength ?? 0)) return refuse('text, and not nothing')
  // A duration is judged with words of its own below.
  const { pattern } = declaration
  if (pattern && declaration['x-role'] !== 'duration' && !new RegExp(pattern, 'u').test(value)) {
    return refuse(declaration['x-form'] ?? 'of another form')
  }
  switch (declaration['x-role']) {
    case 'expression':
      walk.sites.expressions.push({ text: value, kind: 'always', place })
      return
    case 'uri':
    case 'duration':
      if (enclosed(value) !== undefined) walk.sites.expressions.push({ text: value, kind: 'enclosed', place })
      else walk.checkForm(declaration['x-role'], value, place)
      return
    case 'cron':
    case 'timezone':
      walk.checkForm(declaration['x-role'], value, place)
      return
    case 'directive':
      walk.sites.directives.push({ name: value, pointer: place.pointer, siblings: place.siblings })
      return
    case 'reference':
      walk.sites.references.push({
        target: declaration['x-use'] ?? 'secrets',
        name: value,
        pointer: place.pointer,
      })
      return
    case 'variable':
      walk.sites.variables.add(value)
      return
    case 'template':
    case 'option':
    case 'json-schema':
    case undefined:
      return
  }
}

function checkNumber(declaration: Declaration, value: number, place: Place, walk: Walk): void {
  const { minimum = -Infinity, maximum = Infinity } = declaration
  if (value >= minimum && value <= maximum) return
  const bound = value < minimum ? `at least ${minimum}` : `at most ${maximum}`
  const message = `${capital(nameOf(place.pointer))} must be ${bound}, but is ${value}.`
  walk.report.error('SLUSE-DEFINITION-TYPE', place.pointer, message)
}

function checkArray(declaration: Declaration, value: Json[], place: Place, walk: Walk): void {
  if (value.length < (declaration.minItems ?? 0)) {
    const message = `${capital(nameOf(place.pointer))} must not be empty.`
    walk.report.error('SLUSE-DEFINITION-MISSING', place.pointer, message)
  }
  const { items } = declaration
  if (items) value.forEach((item, index) => checkShape(items, item, into(place, index), walk))
}

function checkObject(declaration: Declaration, value: JsonObject, place: Place, walk: Walk): void {
  const properties = declaration.properties ?? {}
  const keys = Object.keys(value)
  if (keys.length < (declaration.minProperties ?? 0)) {
    const message = `${capital(nameOf(place.pointer))} must not be empty.`
    const todo = declaration.properties && `It takes ${quoted(Object.keys(properties), 'or')}.`
    walk.report.error('SLUSE-DEFINITION-MISSING', place.pointer, message, { part: 'key', todo })
  }
  if (keys.length > (declaration.maxProperties ?? Infinity)) {
    const message = `${capital(nameOf(place.pointer))} must have one key only, but has ${quoted(keys)}.`
    const todo =
      'Make each of them an item of its own, beginning with `- `; indent what belongs to it further.'
    walk.report.error('SLUSE-DEFINITION-TYPE', place.pointer, message, { todo })
  }
  checkKeys(declaration, value, place, walk)
  for (const [key, child] of Object.entries(properties)) {
    const item = value[key]
    if (item !== undefined) checkShape(child, item, within(declaration, key, value, place), walk)
  }
  const { additionalProperties: others } = declaration
  if (typeof others !== 'object') return
  for (const key of keys) {
    if (!Object.hasOwn(properties, key)) checkShape(others, value[key] ?? null, into(place, key), walk)
  }
}

function within(declaration: Declaration, key: string, value: JsonObject, place: Place): Place {
  const binds = declaration['x-binds']
  return into(binds?.within?.includes(key) ? declaring(place, boundNames(binds, value)) : place, key)
}

/** Finds the expressions in data. */
function collectTemplate(value: Json, place: Place, walk: Walk, role: 'template' | 'option'): void {
  if (typeof value === 'string') {
    const open = role === 'option' ? 'option' : 'loose'
    const kind = enclosed(value) === undefined ? open : 'enclosed'
    walk.sites.expressions.push({ text: value, kind, place })
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => collectTemplate(item, into(place, index), walk, role))
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) collectTemplate(item, into(place, key), walk, role)
  }
}
