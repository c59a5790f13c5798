import { isAbsolute } from 'node:path'
import { fault, isObject, type Json, type JsonObject } from '../workflow/index.ts'
import { builtInLimits, readLimits, type FunctionLimits, type Limits } from './limits.ts'
import { kindOf } from './runners/index.ts'

/** A `function.yaml` whose task has a `metadata.protocol`, checked: all that its runner must know. */
export interface Contract extends Limits {
  /** For people: `score:1.0.0`, or `in the definition`. */
  readonly name: string
  readonly definition: JsonObject
  readonly protocol: string
  readonly inputSchema: SchemaDefinition | undefined
  readonly outputSchema: SchemaDefinition | undefined
  /** Folder of the `function.yaml` (absolute); none where it was read over the network. */
  readonly home: string | undefined
  /** How many records one process is sent ahead of its answers. */
  readonly window: number
  /** One for all runs, not one for each: it then knows no run's secrets or trace. */
  readonly share: boolean
  /** What makes it from its source, for `sluse functions build` and `dev`. */
  readonly build: string | undefined
}

export interface SchemaDefinition {
  readonly format: string
  /** The schema, or where it is. */
  readonly document?: Json
  readonly resource?: Json
}

/** Whether a task is carried out as a function: it says how it is spoken to. */
export function isContract(definition: JsonObject): boolean {
  return isObject(definition['metadata']) && definition['metadata']['protocol'] !== undefined
}

/** Reads a function. Throws a `configuration` fault that says what does not fit. */
export function readContract(
  name: string,
  definition: JsonObject,
  home: string | undefined,
  limits: FunctionLimits = builtInLimits,
): Contract {
  const refuse = (why: string) => fault('configuration', `The function ${name} ${why}`)
  const metadata = isObject(definition['metadata']) ? definition['metadata'] : {}
  const { protocol } = metadata
  if (typeof protocol !== 'string') {
    throw refuse('has no `metadata.protocol`, so it is an ordinary task: call it from a workflow.')
  }
  for (const key of ['if', 'then', 'export']) {
    if (definition[key] !== undefined)
      throw refuse(`has \`${key}\`, which only tasks of a workflow can have.`)
  }
  const { share = false, build, window = 64 } = metadata
  if (typeof share !== 'boolean') throw refuse('has a `metadata.share` that is neither true nor false.')
  if (build !== undefined && typeof build !== 'string')
    throw refuse('has a `metadata.build` that is no command.')
  if (!Number.isInteger(window) || Number(window) < 1 || Number(window) > mostAhead) {
    throw refuse(`has a \`metadata.window\` that is no whole number from 1 to ${mostAhead}.`)
  }
  const contract: Contract = {
    name,
    definition,
    protocol,
    inputSchema: schemaOf(definition['input'], 'from', refuse),
    outputSchema: schemaOf(definition['output'], 'as', refuse),
    home: home !== undefined && isAbsolute(home) ? home : undefined,
    ...readLimits(name, definition, limits),
    window: Number(window),
    share,
    build,
  }
  kindOf(contract).check(contract)
  return contract
}

const mostAhead = 10_000

type Refuse = (why: string) => Error

function schemaOf(part: Json | undefined, shaping: string, refuse: Refuse): SchemaDefinition | undefined {
  if (!isObject(part)) return undefined
  if (part[shaping] !== undefined) {
    throw refuse(
      `reshapes its data with \`${shaping}\`: let the function itself, or the task that calls it, do that.`,
    )
  }
  const { schema } = part
  if (!isObject(schema)) return undefined
  const { document, resource, format } = schema
  return {
    format: typeof format === 'string' ? format : 'json',
    ...(document !== undefined && { document }),
    ...(resource !== undefined && { resource }),
  }
}
