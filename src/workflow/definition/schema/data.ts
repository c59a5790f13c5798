import { Type, type Static } from 'typebox'
import type { Json } from '../../json.ts'
import { externalResource } from './endpoint.ts'
import { dataMap, either, exactlyOne, closed, expression, literal, type Stage } from './vocabulary.ts'

/** dsl-reference.md, "Schema": exactly one of `document` and `resource`. */
export const schemaDefinition = exactlyOne(
  'Schema',
  'What the data must look like.',
  {
    document: Type.Unsafe<Json>({ description: 'The schema, here.' }),
    resource: externalResource,
  },
  { format: Type.Optional(literal('`json` (JSON Schema), or `{format}:{version}`.', { default: 'json' })) },
  { 'x-role': 'json-schema', 'x-feature': 'schema' },
)

const shaped = (title: string, description: string) =>
  Type.Optional(
    either(title, description, [
      expression(description, { title: 'Expression' }),
      dataMap(description, { title: 'Template' }),
    ]),
  )

const staged = (stage: Stage) => ({ 'x-stage': stage })

export const input = closed(
  'Input',
  'What goes in: validated first, then reshaped.',
  { schema: Type.Optional(schemaDefinition), from: shaped('Input reshaped', 'Reshapes the raw input.') },
  staged('input'),
)

export const output = closed(
  'Output',
  'What comes out: reshaped first, then validated.',
  { schema: Type.Optional(schemaDefinition), as: shaped('Output reshaped', 'Reshapes the raw output.') },
  staged('output'),
)

export const exportDefinition = closed(
  'Export',
  'What becomes the context of the workflow; it replaces what was there.',
  {
    schema: Type.Optional(schemaDefinition),
    as: shaped('New context', 'Makes the new context from the output.'),
  },
  staged('export'),
)

export type SchemaDefinition = Static<typeof schemaDefinition>
export type Input = Static<typeof input>
export type Output = Static<typeof output>
export type Export = Static<typeof exportDefinition>
