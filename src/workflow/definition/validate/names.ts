import { isObject, type Json, type JsonObject } from '../../json.ts'
import { builtinFunctionTasks } from '../schema/builtin-functions.ts'
import { builtinCalls } from '../task-kind.ts'
import type { ReferenceTarget } from '../schema/vocabulary.ts'
import type { Sites } from './place.ts'
import type { Report } from './report.ts'
import { nearest, quoted, suggestion } from './words.ts'

/** What a definition defines by name, as far as it is readable. */
export interface Names {
  readonly authentications: ReadonlySet<string>
  readonly errors: ReadonlySet<string>
  readonly retries: ReadonlySet<string>
  readonly timeouts: ReadonlySet<string>
  readonly functions: ReadonlySet<string>
  readonly catalogs: ReadonlySet<string>
  /** Nothing where any secret may be read: in a function, which has no `use`. */
  readonly secrets: ReadonlySet<string> | undefined
}

export function namesOf(definition: JsonObject): Names {
  const use = isObject(definition.use) ? definition.use : {}
  const keys = (value: Json | undefined) => new Set(isObject(value) ? Object.keys(value) : [])
  return {
    authentications: keys(use.authentications),
    errors: keys(use.errors),
    retries: keys(use.retries),
    timeouts: keys(use.timeouts),
    functions: keys(use.functions),
    catalogs: keys(use.catalogs),
    secrets: new Set(
      Array.isArray(use.secrets) ? use.secrets.filter((name) => typeof name === 'string') : [],
    ),
  }
}

const things: { readonly [target in ReferenceTarget]: string } = {
  authentications: 'authentication policy',
  errors: 'error',
  retries: 'retry policy',
  secrets: 'secret',
  timeouts: 'timeout',
}

/** Every name must exist in `use` (dsl-reference.md, "Use"). */
export function checkReferences(sites: Sites, names: Names, report: Report): void {
  for (const { target, name, pointer } of sites.references) {
    const known = names[target]
    if (!known || known.has(name)) continue
    const message = `There is no ${things[target]} \`${name}\` in \`use.${target}\`.`
    report.error('SLUSE-DEFINITION-REFERENCE', pointer, message, { todo: suggestion(name, known) })
  }
}

/**
 * A `call` names a built-in, a function of `use.functions`, one of a catalog, or an address (dsl.md, "Catalogs").
 * `catalogued` lists the functions of the default catalog as `name:version`, where they are known.
 */
export function checkCalls(sites: Sites, names: Names, report: Report, catalogued?: readonly string[]): void {
  for (const { name, pointer } of sites.calls) {
    const refuse = (message: string, todo?: string) =>
      report.error('SLUSE-DEFINITION-CALL', pointer, message, { todo })
    if (builtinCalls.some((builtin) => builtin === name) || names.functions.has(name)) continue
    if (Object.hasOwn(builtinFunctionTasks, name)) continue
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) continue
    const catalogName = /^([^:@/\s]+):([^:@/\s]+)@([^:@/\s]+)$/.exec(name)
    if (!catalogName) {
      refuse(`There is no function \`${name}\`.`, suggestion(name, [...builtinCalls, ...names.functions]))
      continue
    }
    const [, fn, version, catalog = ''] = catalogName
    if (names.catalogs.has(catalog)) continue
    if (catalog !== 'default') {
      refuse(
        `There is no catalog \`${catalog}\` in \`use.catalogs\`.`,
        suggestion(catalog, ['default', ...names.catalogs]),
      )
    } else if (catalogued && !catalogued.includes(`${fn}:${version}`)) {
      const all = [...catalogued, ...ours]
      const versions = all.filter((each) => each.startsWith(`${fn}:`))
      const near = nearest(`${fn}:${version}`, all)
      const todo = versions.length > 0 ? `There is ${quoted(versions)}.` : near && `Did you mean \`${near}\`?`
      refuse(`The default catalog has no function \`${fn}\` in version ${version}.`, todo)
    }
  }
}

/** The functions that come with Sluse, as `name:version`. */
const ours = Object.keys(builtinFunctionTasks).map((name) => name.replace('@default', ''))

/** A directive goes to a task of its own list (dsl-reference.md, "Flow Directive"). */
export function checkDirectives(sites: Sites, report: Report): void {
  for (const { name, pointer, siblings } of sites.directives) {
    if (name === 'continue' || name === 'exit' || name === 'end' || siblings?.has(name)) continue
    if (!siblings) {
      const message = `\`then\` cannot go to \`${name}\`: a function has no tasks beside it.`
      report.error('SLUSE-DEFINITION-THEN', pointer, message, { todo: 'Write `continue`, `exit` or `end`.' })
    } else if (sites.tasks.has(name)) {
      const message = `\`then\` cannot go to \`${name}\`: that task is in another list.`
      const todo = `Tasks beside this one are ${quoted([...siblings].slice(0, 10))}.`
      report.error('SLUSE-DEFINITION-THEN', pointer, message, { todo })
    } else {
      const near = nearest(name, [...siblings, 'continue', 'exit', 'end'])
      const todo = near === undefined ? undefined : `Did you mean \`${near}\`?`
      report.error('SLUSE-DEFINITION-THEN', pointer, `There is no task \`${name}\` to go to.`, { todo })
    }
  }
}
