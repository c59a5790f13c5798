import { isAbsolute } from 'node:path'
import { fault, isObject, milliseconds, type Json, type JsonObject } from '../workflow/index.ts'
import { bytesOf } from './quantity.ts'
import { kindOf } from './runners/index.ts'

/** A `function.yaml` whose task has a `metadata.protocol`, checked: all that its runner must know. */
export interface Contract {
  /** For people: `score:1.0.0`, or `in the definition`. */
  readonly name: string
  readonly definition: JsonObject
  readonly protocol: string
  readonly inputSchema: SchemaDefinition | undefined
  readonly outputSchema: SchemaDefinition | undefined
  /** Folder of the `function.yaml` (absolute); none where it was read over the network. */
  readonly home: string | undefined
  /** Longest time for one record, start of the function included. */
  readonly timeoutMs: number
  /** Most memory of a process and its children. */
  readonly memoryBytes: number
  /** Most bytes of one answer. */
  readonly maxAnswerBytes: number
  /** How many processes, containers or requests at once. */
  readonly pool: number
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
  maxAnswerBytes = 10_000_000,
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
  const whole = (key: string, usual: number, most: number): number => {
    const value = metadata[key] ?? usual
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
    throw refuse(
      `has \`metadata.${key}: ${JSON.stringify(value)}\`, which must be a number from 1 to ${most}.`,
    )
  }
  const { share = false, build } = metadata
  if (typeof share !== 'boolean') throw refuse('has a `metadata.share` that is neither true nor false.')
  if (build !== undefined && typeof build !== 'string')
    throw refuse('has a `metadata.build` that is no command.')
  const memoryBytes = bytesOf(metadata['memory'] ?? '512Mi')
  if (memoryBytes === undefined || memoryBytes < 1_000_000) {
    throw refuse('has a `metadata.memory` that is no size such as 512Mi, or less than a megabyte.')
  }
  const contract: Contract = {
    name,
    definition,
    protocol,
    inputSchema: schemaOf(definition['input'], 'from', refuse),
    outputSchema: schemaOf(definition['output'], 'as', refuse),
    home: home !== undefined && isAbsolute(home) ? home : undefined,
    timeoutMs: timeoutOf(definition['timeout'], refuse),
    memoryBytes,
    maxAnswerBytes,
    pool: whole('pool', 1, 64),
    window: whole('window', 64, 10_000),
    share,
    build,
  }
  kindOf(contract).check(contract)
  return contract
}

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

const usualTimeoutMs = 60_000

/** dsl-reference.md, "Timeout": for a function, of one record. */
function timeoutOf(timeout: Json | undefined, refuse: Refuse): number {
  if (timeout === undefined) return usualTimeoutMs
  const after = isObject(timeout) ? milliseconds(timeout['after'] ?? null) : undefined
  if (after === undefined || after < 1) throw refuse('has a `timeout` that is not `{ after: <duration> }`.')
  return Math.min(after, 2 ** 31 - 1)
}
