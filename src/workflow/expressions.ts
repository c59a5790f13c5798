import { compile } from '../jq/index.ts'
import { expressionOf } from './definition/enclosed.ts'
import { kindOf, type Json } from './json.ts'
import { fault, problemOf, type WorkflowFault } from './problem.ts'

/**
 * Where an expression stands decides which arguments it sees
 * (dsl.md, "Runtime expression arguments"; the text denies the others, so they do not compile).
 */
const argumentsOf = {
  'workflow-input': ['secrets', 'workflow', 'runtime'],
  /** A task's `if` and `input.from`. */
  input: ['context', 'secrets', 'task', 'workflow', 'runtime'],
  /** A task's own definition and its `output.as`. */
  task: ['context', 'input', 'secrets', 'task', 'workflow', 'runtime', 'authorization'],
  /** A task's `export.as`. */
  export: ['context', 'input', 'output', 'secrets', 'task', 'workflow', 'runtime', 'authorization'],
  'workflow-output': ['context', 'secrets', 'workflow', 'runtime'],
  /** What engines evaluate apart from the run, on variables that were captured: filters of events and messages. */
  captured: [],
} as const

export type Stage = keyof typeof argumentsOf

/** What an expression is given, and where it stands. */
export interface Arguments {
  /** The local variables in sight. */
  readonly names: Names
  /** JSON pointer of the task, for messages. */
  readonly pointer: string
  /** The value of an argument or local variable. */
  argument(name: string): Json
  /** Throws an `authorization` fault where the secret is not listed or missing. */
  requireSecret(name: string): void
  /** What jq's `now` says, in milliseconds since 1970, UTC. */
  now(): number
}

/**
 * Evaluates jq, with or without `${ }` around it, on `dot`. It gives one value: none counts as null, several are an error (take them with `[ … ]`,
 * or the first with `first(…)`). Failure is an `expression` fault that names the expression and its place.
 */
export function evaluate(text: string, dot: Json, stage: Stage, from: Arguments, place: string): Json {
  try {
    const expression = from.names.expression(stage, text)
    for (const secret of expression.secrets) from.requireSecret(secret)
    const variables: { [name: string]: Json } = {}
    for (const name of expression.variables) variables[name] = from.argument(name)
    if (expression.readsClock) clock.seconds = from.now() / 1000
    return single(expression.run(dot, variables))
  } catch (error) {
    throw problemOf(error) ? error : expressionFault(text, from.pointer + place, error)
  }
}

/** An expression that decides: as in jq, `false` and `null` are no, anything else is yes. */
export function holds(text: string, dot: Json, stage: Stage, from: Arguments, place: string): boolean {
  const value = evaluate(text, dot, stage, from, place)
  return value !== false && value !== null
}

/** The local variables in sight at a place of a definition, with the expressions compiled there. Shared by runs. */
export class Names {
  readonly #all: readonly string[]
  readonly #within = new Map<string, Names>()
  readonly #compiled = new Map<Stage, Map<string, Expression | Error>>()

  constructor(all: readonly string[] = []) {
    this.#all = all
  }

  with(...added: string[]): Names {
    const all = [...new Set([...this.#all, ...added])].sort()
    const key = all.join(' ')
    let within = this.#within.get(key)
    if (!within) this.#within.set(key, (within = new Names(all)))
    return within
  }

  /** Compiled once; an expression that does not compile throws the same error each time. */
  expression(stage: Stage, text: string): Expression {
    let compiled = this.#compiled.get(stage)
    if (!compiled) this.#compiled.set(stage, (compiled = new Map<string, Expression | Error>()))
    let expression = compiled.get(text)
    if (!expression) compiled.set(text, (expression = this.#compile(stage, text)))
    if (expression instanceof Error) throw expression
    return expression
  }

  #compile(stage: Stage, text: string): Expression | Error {
    try {
      return prepare(text, [...argumentsOf[stage], ...this.#all])
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

export interface Expression {
  readonly run: (input: Json, variables: { [name: string]: Json }) => Iterable<Json>
  /** The arguments that it mentions. */
  readonly variables: readonly string[]
  /** The secrets that it mentions by name. */
  readonly secrets: readonly string[]
  readonly readsClock: boolean
}

/** Only what the text mentions is declared, so that no other argument is ever built. */
function prepare(text: string, available: readonly string[]): Expression {
  const filter = expressionOf(text)
  const mentioned = new Set(
    Array.from(filter.matchAll(/\$\s*([A-Za-z_]\w*)/g), (match) => match[1] as string),
  )
  const variables = [...new Set(available)].filter((name) => mentioned.has(name))
  const readsClock = /\bnow\b/.test(filter)
  const run = compile(filter, readsClock ? { variables, now: () => clock.seconds } : { variables })
  const secrets = run.references.flatMap(([name, secret]) =>
    name === 'secrets' && secret !== undefined ? [secret] : [],
  )
  return { run, variables, secrets: [...new Set(secrets)], readsClock }
}

/** The time of the evaluation under way: an expression is compiled once and evaluated in many runs. */
const clock = { seconds: 0 }

function single(outputs: Iterable<Json>): Json {
  let result: Json | undefined
  for (const output of outputs) {
    if (result !== undefined)
      throw new Error('it gives more than one value; collect them with [ … ] or take first(…)')
    result = output
  }
  return result ?? null
}

function expressionFault(text: string, place: string, error: unknown): WorkflowFault {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return fault('expression', `The expression '${shown.trim()}' at ${place} failed: ${messageOf(error)}`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A fault for an expression whose value is of the wrong kind, e.g. "an array is needed, not null". */
export function unfit(place: string, needed: string, value: Json): WorkflowFault {
  return fault('expression', `The value of ${place} does not fit: ${needed} is needed, not ${kindOf(value)}.`)
}
