import type { Json, JsonObject } from '../../json.ts'
import { isObject } from '../../json.ts'
import { enclosed } from '../enclosed.ts'
import type { Declaration } from '../schema/vocabulary.ts'
import { declaring, into, type Moment, type Place, type Sites } from './place.ts'
import type { Report } from './report.ts'
import { capital, described, matchesType, nameOf, nearest, quoted, suggestion, typeWord } from './words.ts'

/** What the walk over a definition carries along. */
export interface Walk {
  readonly report: Report
  readonly sites: Sites
  /** Judges a text that has a form of its own. */
  readonly checkForm: (role: 'uri' | 'duration' | 'cron' | 'timezone', value: string, place: Place) => void
  /** Where a declaration refers to one that this walk handles by itself: task lists and tasks. */
  readonly refer: (reference: string, value: Json, place: Place) => void
  /** Told of each feature that is used, such as `run` `container`, so that one not supported is refused by name. */
  readonly feature: (group: string, name: string, place: Place) => void
}

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
  if (declaration['x-role'] === 'template') collectTemplate(value, here, walk)
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
  const misspelt = checkUnknown(declaration, value, place, walk)
  checkPresence(declaration, value, misspelt, place, walk)
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

/** Reports keys that are not declared. Gives the declared ones that they were probably meant to be. */
function checkUnknown(declaration: Declaration, value: JsonObject, place: Place, walk: Walk): Set<string> {
  const misspelt = new Set<string>()
  const ignored = declaration['x-unknown'] === 'warn'
  if (!ignored && declaration.additionalProperties !== false) return misspelt
  const properties = declaration.properties ?? {}
  const free = Object.keys(properties).filter((key) => !Object.hasOwn(value, key))
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue
    const near = nearest(key, free)
    const holder = near === undefined ? holderOf(key, properties) : undefined
    const meant = near ?? holder
    if (meant !== undefined && !ignored) misspelt.add(meant)
    const owner = place.pointer === '' ? 'a workflow' : nameOf(place.pointer)
    const message = `${capital(owner)} has no key \`${key}\`${ignored ? ': it is ignored' : ''}.`
    const todo = near === undefined ? placeAdvice(properties, holder) : `Did you mean \`${near}\`?`
    const { pointer } = into(place, key)
    walk.report.tell(ignored ? 'warning' : 'error', 'SLUSE-DEFINITION-UNKNOWN-KEY', pointer, message, {
      part: 'key',
      todo,
    })
  }
  return misspelt
}

/** The key below which a key belongs that stands one level too high. */
function holderOf(key: string, properties: { readonly [name: string]: Declaration }): string | undefined {
  return Object.keys(properties).find((name) => {
    const declared = properties[name]
    return (declared?.anyOf ?? [declared]).some(
      (branch) => branch?.properties && Object.hasOwn(branch.properties, key),
    )
  })
}

function placeAdvice(
  properties: { readonly [name: string]: Declaration },
  holder?: string,
): string | undefined {
  if (holder !== undefined) return `It belongs one level deeper, below \`${holder}\`.`
  const names = Object.keys(properties)
  return names.length > 0 && names.length <= 12 ? `It takes ${quoted(names, 'or')}.` : undefined
}

function checkPresence(
  declaration: Declaration,
  value: JsonObject,
  misspelt: ReadonlySet<string>,
  place: Place,
  walk: Walk,
): void {
  const has = (key: string) => Object.hasOwn(value, key)
  const owner = capital(nameOf(place.pointer))
  const missing = (message: string) => {
    walk.report.error('SLUSE-DEFINITION-MISSING', place.pointer, message, { part: 'key' })
  }
  for (const key of declaration.required ?? []) {
    if (!has(key) && !misspelt.has(key)) missing(`${owner} lacks \`${key}\`.`)
  }
  for (const choice of choicesOf(declaration)) {
    const found = choice.filter(has)
    const [only, second] = found
    const feature = declaration['x-feature']
    if (feature && only !== undefined && second === undefined) walk.feature(feature, only, into(place, only))
    if (only === undefined && !choice.some((key) => misspelt.has(key))) {
      missing(`${owner} needs exactly one of ${quoted(choice)}, but has none.`)
    } else if (second !== undefined) {
      const message = `${owner} needs exactly one of ${quoted(choice)}, but has ${quoted(found)}.`
      walk.report.error('SLUSE-DEFINITION-CHOICE', into(place, second).pointer, message, { part: 'key' })
    }
  }
  const some = declaration['x-some']
  if (some && !some.some((key) => has(key) || misspelt.has(key)))
    missing(`${owner} needs ${quoted(some, 'or')}.`)
  for (const [key, needed] of Object.entries(declaration.dependentRequired ?? {})) {
    if (has(key) && !needed.every(has)) {
      const message = `\`${key}\` goes together with ${quoted(needed)} only.`
      const todo = `Remove \`${key}\`, or use ${quoted(needed)}.`
      walk.report.error('SLUSE-DEFINITION-CHOICE', into(place, key).pointer, message, { part: 'key', todo })
    }
  }
  checkCondition(declaration, value, owner, place, walk)
}

function choicesOf(declaration: Declaration): string[][] {
  const groups = [
    ...(declaration.oneOf ? [declaration.oneOf] : []),
    ...(declaration.allOf ?? []).map((each) => each.oneOf),
  ]
  return groups.map((group) => group.map((each) => each.required[0]))
}

/** The one conditional form in use: a key is there if, and only if, another has a certain value. */
function checkCondition(
  declaration: Declaration,
  value: JsonObject,
  owner: string,
  place: Place,
  walk: Walk,
): void {
  const condition = declaration['x-only-with']
  if (!condition) return
  const { key, other, equals } = condition
  const wanted = value[other] === equals
  if (wanted === Object.hasOwn(value, key)) return
  if (wanted) {
    const message = `${owner} lacks \`${key}\`: \`${other}\` is \`${equals}\`.`
    return walk.report.error('SLUSE-DEFINITION-MISSING', place.pointer, message, { part: 'key' })
  }
  const message = `\`${key}\` goes with \`${other}: ${equals}\` only.`
  const todo = `Remove \`${key}\`, or write \`${other}: ${equals}\`.`
  walk.report.error('SLUSE-DEFINITION-CHOICE', into(place, key).pointer, message, { part: 'key', todo })
}

/** Finds the expressions in data. */
function collectTemplate(value: Json, place: Place, walk: Walk): void {
  if (typeof value === 'string') {
    const kind = enclosed(value) === undefined ? 'loose' : 'enclosed'
    walk.sites.expressions.push({ text: value, kind, place })
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => collectTemplate(item, into(place, index), walk))
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) collectTemplate(item, into(place, key), walk)
  }
}
