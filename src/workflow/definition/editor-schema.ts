import type { Json, JsonObject } from '../json.ts'
import { builtinFunctionTasks } from './schema/builtin-functions.ts'
import { callTask } from './schema/call.ts'
import { taskDeclarations } from './schema/task-table.ts'
import { declared, type Declaration } from './schema/vocabulary.ts'
import { workflow } from './schema/workflow.ts'
import { builtinCalls, taskKinds } from './task-kind.ts'

/**
 * The language as one self-contained JSON Schema 2020-12 document, for editors: made from the declarations that
 * definitions are checked against. It says what a schema can say; `load` checks the rest.
 * A task's type is chosen by its key with `if`, so that an editor completes and complains about that type alone.
 */
export function workflowSchema(): JsonObject {
  const defs: { [name: string]: JsonObject } = {}
  const root = emit(declared(workflow), defs)
  const body = typeof root.$ref === 'string' ? (defs[root.$ref.slice('#/$defs/'.length)] ?? {}) : root
  defs.taskList = {
    title: 'Tasks',
    description: 'Named tasks, in order.',
    type: 'array',
    items: {
      title: 'Named task',
      description: 'One key, the name of the task; the task below it.',
      type: 'object',
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: ref('task'),
    },
  }
  defs.task = task(defs)
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...body, $defs: sorted(defs) }
}

function ref(name: string): JsonObject {
  return { $ref: `#/$defs/${name}` }
}

function task(defs: { [name: string]: JsonObject }): JsonObject {
  const properties: { [key: string]: Json } = {}
  const branches: Json[] = []
  for (const kind of taskKinds) {
    const declaration = kind === 'call' ? undefined : taskDeclarations[kind]
    if (declaration) {
      const { title = kind, description = '' } = declaration
      properties[kind] = { title, description }
      const other = kind === 'do' ? { not: { required: ['for'] } } : {}
      branches.push({ if: { required: [kind], ...other }, then: emit(declaration, defs) })
    } else {
      properties.call = {
        title: 'Call',
        description: 'Calls a service or a function.',
        anyOf: [{ enum: known }, { type: 'string' }],
      }
      branches.push(...callBranches(defs))
    }
  }
  return {
    title: 'Task',
    description: 'A task: exactly one key says what it does.',
    type: 'object',
    properties,
    anyOf: taskKinds.map((kind) => ({ required: [kind] })),
    allOf: branches,
  }
}

const known = [...builtinCalls, ...Object.keys(builtinFunctionTasks)]

function callBranches(defs: { [name: string]: JsonObject }): Json[] {
  const declarations = [
    ...builtinCalls.map((name) => [name, callTask[name]] as const),
    ...Object.entries(builtinFunctionTasks),
  ]
  const builtin = declarations.map(([name, declaration]) => ({
    if: { required: ['call'], properties: { call: { const: name } } },
    then: emit(declared(declaration), defs),
  }))
  const other = { required: ['call'], properties: { call: { not: { enum: known } } } }
  return [...builtin, { if: other, then: emit(declared(callTask.function), defs) }]
}

/** A declaration without its `x-` keywords; what has a title becomes a definition of its own, once. */
function emit(declaration: Declaration, defs: { [name: string]: JsonObject }): JsonObject {
  const schema: JsonObject = {}
  for (const [key, value] of Object.entries(declaration) as [string, Json][]) {
    if (!key.startsWith('x-') && !key.startsWith('~')) schema[key] = value
  }
  const { properties, additionalProperties, items, anyOf } = declaration
  if (properties) {
    schema.properties = Object.fromEntries(
      Object.entries(properties).map(([key, each]) => [key, emit(each, defs)]),
    )
  }
  if (typeof additionalProperties === 'object') schema.additionalProperties = emit(additionalProperties, defs)
  if (items) schema.items = emit(items, defs)
  if (anyOf) schema.anyOf = anyOf.map((each) => emit(each, defs))
  const some = declaration['x-some']
  if (some) schema.anyOf = some.map((key) => ({ required: [key] }))
  const only = declaration['x-only-with']
  if (only) {
    schema.if = { properties: { [only.other]: { const: only.equals } }, required: [only.other] }
    schema.then = { required: [only.key] }
    schema.else = { not: { required: [only.key] } }
  }
  return shared(schema, defs)
}

function shared(schema: JsonObject, defs: { [name: string]: JsonObject }): JsonObject {
  const composite = schema.properties !== undefined || schema.anyOf !== undefined
  if (typeof schema.title !== 'string' || !composite) return schema
  const name = camelCase(schema.title)
  const known = defs[name]
  if (known === undefined) defs[name] = schema
  else if (JSON.stringify(known) !== JSON.stringify(schema)) return schema
  return ref(name)
}

function camelCase(title: string): string {
  const [first = '', ...rest] = title.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return first.toLowerCase() + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function sorted(defs: { [name: string]: JsonObject }): JsonObject {
  return Object.fromEntries(Object.entries(defs).sort(([one], [other]) => (one < other ? -1 : 1)))
}
