import type { JsonObject } from '../../json.ts'
import type { Declaration } from '../schema/vocabulary.ts'
import { into, type Place } from './place.ts'
import type { Walk } from './walk.ts'
import { capital, nameOf, nearest, quoted } from './words.ts'

/** Which keys an object has: all that it needs, and none that mean nothing. What they hold is not looked at. */
export function checkKeys(declaration: Declaration, value: JsonObject, place: Place, walk: Walk): void {
  const misspelt = checkUnknown(declaration, value, place, walk)
  checkPresence(declaration, value, misspelt, place, walk)
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
