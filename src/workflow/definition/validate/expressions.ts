import { enclosed, expressionOf } from '../enclosed.ts'
import { analyse, type Reference } from './jq.ts'
import type { Names } from './names.ts'
import type { ExpressionSite, Moment, Place, Sites } from './place.ts'
import type { Report } from './report.ts'
import { capital, nameOf, quoted, suggestion } from './words.ts'

/**
 * Every expression must compile, and use only variables that it has (dsl.md, "Runtime Expressions").
 * `loose` is the mode in which any text of data may be an expression.
 */
export function checkExpressions(sites: Sites, names: Names, loose: boolean, report: Report): void {
  const checks = new Expressions(sites, names, report)
  for (const site of sites.expressions) {
    if (site.kind !== 'loose' && site.kind !== 'option') checks.check(site)
    else if (!loose) checks.checkLiteral(site)
  }
}

/** Arguments by the moment of evaluation: the specification's table, and what an engine has before a run. */
const available: { readonly [moment in Moment]: readonly string[] } = {
  schedule: ['secrets', 'runtime'],
  workflow: ['secrets', 'workflow', 'runtime'],
  'workflow-input': ['secrets', 'workflow', 'runtime'],
  if: ['context', 'secrets', 'task', 'workflow', 'runtime'],
  input: ['context', 'secrets', 'task', 'workflow', 'runtime'],
  task: ['context', 'input', 'secrets', 'task', 'workflow', 'runtime', 'authorization'],
  output: ['context', 'input', 'secrets', 'task', 'workflow', 'runtime', 'authorization'],
  export: ['context', 'input', 'output', 'secrets', 'task', 'workflow', 'runtime', 'authorization'],
  'workflow-output': ['context', 'secrets', 'workflow', 'runtime'],
}

/** When it is, in words. */
const moments: { readonly [moment in Moment]: string } = {
  schedule: 'before there is a run',
  workflow: 'for the workflow as a whole',
  'workflow-input': "in the workflow's `input.from`",
  if: 'in the condition of a task',
  input: 'in `input.from`',
  task: 'in a task',
  output: 'in `output.as`',
  export: 'in `export.as`',
  'workflow-output': "in the workflow's `output.as`",
}

const standard: ReadonlySet<string> = new Set(available.export)

class Expressions {
  readonly #sites: Sites
  readonly #names: Names
  readonly #report: Report

  constructor(sites: Sites, names: Names, report: Report) {
    this.#sites = sites
    this.#names = names
    this.#report = report
  }

  check({ text, place }: ExpressionSite): void {
    const filter = expressionOf(text)
    const start = filter === text ? 0 : text.indexOf('${') + 2
    const analysis = analyse(filter)
    if (!analysis.ok) {
      const several = filter.includes('${')
      const message = several
        ? `${capital(nameOf(place.pointer))} holds more than one \`\${ }\`: only a text that is one as a whole is evaluated.`
        : `${capital(nameOf(place.pointer))} is not valid jq: ${analysis.message}`
      const todo = several ? 'Put the whole text into one expression: ${ "… \\(.name) …" }.' : undefined
      const part = { character: start + analysis.offset }
      return this.#report.error('SLUSE-DEFINITION-EXPRESSION', place.pointer, message, { todo, part })
    }
    const told = new Set<string>()
    for (const reference of analysis.references) {
      const key = [reference.name, ...reference.path].join('.')
      if (told.has(key)) continue
      told.add(key)
      this.#checkReference(reference, place, { character: start + reference.offset })
    }
  }

  #checkReference({ name, path }: Reference, place: Place, part: { character: number }): void {
    const locals = place.variables === 'any' ? this.#sites.variables : place.variables
    const local = locals.has(name) || (place.variables === 'any' && defaults.has(name))
    if (local) return
    const here = available[place.moment]
    if (here.includes(name)) {
      if (name === 'secrets' && path[0] !== undefined) this.#checkSecret(path[0], place, part)
      return
    }
    const choice = [...here, ...locals].map((each) => `$${each}`)
    const message = standard.has(name)
      ? `\`$${name}\` is not available ${moments[place.moment]}.`
      : `There is no variable \`$${name}\` here.`
    const todo = suggestion(`$${name}`, choice) ?? `There is ${quoted(choice)}.`
    this.#report.error('SLUSE-DEFINITION-VARIABLE', place.pointer, message, { todo, part })
  }

  #checkSecret(name: string, place: Place, part: { character: number }): void {
    const { secrets } = this.#names
    if (!secrets || secrets.has(name)) return
    const message = `The secret \`${name}\` is not listed in \`use.secrets\`, so the workflow may not read it.`
    const todo = suggestion(name, secrets) ?? `List \`${name}\` in \`use.secrets\`.`
    this.#report.error('SLUSE-DEFINITION-REFERENCE', place.pointer, message, { todo, part })
  }

  /** Text of data that is not evaluated, though it looks as if it should be. */
  checkLiteral({ text, kind, place }: ExpressionSite): void {
    const partial = /\$\{\s*(?:\.|\$[a-zA-Z_])/.exec(text)
    if (partial) {
      const message = `${capital(nameOf(place.pointer))} is taken as it stands: \`\${ }\` within a text is not evaluated.`
      const todo = 'Put the whole text into one expression: ${ "… \\(.name) …" }.'
      return this.#report.warning('SLUSE-DEFINITION-LITERAL', place.pointer, message, {
        todo,
        part: { character: partial.index },
      })
    }
    if (kind === 'option' || !this.#looksLikeExpression(text, place)) return
    const message = `${capital(nameOf(place.pointer))} is taken as it stands: "${text}" is not evaluated.`
    const todo = `Write \${ ${text.trim()} } if it is to be evaluated.`
    this.#report.warning('SLUSE-DEFINITION-LITERAL', place.pointer, message, { todo })
  }

  #looksLikeExpression(text: string, place: Place): boolean {
    const variable = /^\s*\$([a-zA-Z_]\w*)/.exec(text)?.[1]
    const locals = place.variables === 'any' ? this.#sites.variables : place.variables
    const known =
      variable !== undefined && (locals.has(variable) || available[place.moment].includes(variable))
    if (!known && !/^\s*\.(?:[a-zA-Z_]\w*|\[)/.test(text)) return false
    return enclosed(text) === undefined && text.length < 1000 && analyse(text).ok
  }
}

/** What variables are called where the author does not say. */
const defaults: ReadonlySet<string> = new Set(['item', 'index', 'error'])
