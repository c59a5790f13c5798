import type { Export, Input, Output, SchemaDefinition } from './definition/types.ts'
import { loadResource } from './resources.ts'
import type { Stage } from './expressions.ts'
import type { Frame } from './frame.ts'
import type { Json } from './json.ts'
import { invalid } from './schemas.ts'
import { shape, type TemplateArguments } from './templates.ts'

/**
 * How data goes through a task (dsl.md, "Data Flow"), in this order: the raw input is validated and transformed;
 * the body runs; its raw output is transformed and validated; what is exported becomes the context, and is
 * validated. The workflow does the same around its tasks, but for the export.
 */
export async function takeIn(frame: Frame, input: Input): Promise<void> {
  if (input.schema) await validate(frame, input.schema, frame.rawInput, '/input/schema')
  frame.input = transform(input.from, frame.rawInput, 'input', frame, '/input/from')
}

export async function putOut(frame: Frame, output: Output): Promise<void> {
  frame.output = transform(output.as, frame.rawOutput, 'task', frame, '/output/as')
  if (output.schema) await validate(frame, output.schema, frame.output, '/output/schema')
}

/** The context is replaced by what `as` makes of the output; without it, it stays as it is. */
export async function exportContext(frame: Frame, exported: Export): Promise<void> {
  const { as } = exported
  const schema = exported.schema && (await schemaOf(frame, exported.schema, '/export/schema'))
  if (as === undefined) {
    if (schema !== undefined)
      check(frame.context.value, schema, exported.schema, frame.pointer + '/export/schema')
    return
  }
  frame.context.apply({
    replaces: !mentionsContext(as),
    evaluate: (context) => {
      const value = shape(as, frame.output, 'export', frame.seeing(frame.locals, context), '/export/as')
      if (schema !== undefined) check(value, schema, exported.schema, frame.pointer + '/export/schema')
      return value
    },
  })
}

/** The data as `from` or `as` reshapes it: an expression, or a template. */
export function transform(
  shaping: string | { [key: string]: Json } | undefined,
  data: Json,
  stage: Stage,
  from: TemplateArguments,
  place: string,
): Json {
  return shaping === undefined ? data : shape(shaping, data, stage, from, place)
}

/** Throws a `validation` fault that lists what is wrong with the data. */
export async function validate(
  frame: Frame,
  schema: SchemaDefinition,
  data: Json,
  place: string,
): Promise<void> {
  check(data, await schemaOf(frame, schema, place), schema, frame.pointer + place)
}

/** The schema itself, fetched where it lies elsewhere. */
function schemaOf(frame: Frame, schema: SchemaDefinition, place: string): Json | Promise<Json> {
  return schema.resource === undefined ? schema.document : loadResource(frame, schema.resource, place)
}

function check(data: Json, document: Json, schema: SchemaDefinition | undefined, place: string): void {
  const fault = invalid(document, schema?.format ?? 'json', data, place)
  if (fault) throw fault
}

const contextMentioned = new WeakMap<object, boolean>()

function mentionsContext(as: string | { [key: string]: Json }): boolean {
  if (typeof as === 'string') return as.includes('$context')
  let mentions = contextMentioned.get(as)
  if (mentions === undefined) contextMentioned.set(as, (mentions = JSON.stringify(as).includes('$context')))
  return mentions
}
