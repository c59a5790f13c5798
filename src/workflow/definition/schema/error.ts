import { Type, type Static } from 'typebox'
import type { Json } from '../../json.ts'
import { uri } from './uri.ts'
import { closed, text } from './vocabulary.ts'

/** dsl-reference.md, "Error" (RFC 7807). `status` is a literal: only the others may be expressions. */
export const errorDefinition = closed('Error', 'An error to raise.', {
  type: uri('Identifies the kind of error.'),
  status: Type.Integer({ description: 'Status code, as in HTTP.' }),
  instance: Type.Optional(
    text('JSON pointer to what raised it; filled in where left out.', {
      pattern: '^\\s*\\$\\{[\\s\\S]+\\}\\s*$|^(?:/(?:[^~/]|~0|~1)*)*$',
      'x-form': 'a JSON pointer such as /do/0/step, or an expression in ${ }',
    }),
  ),
  title: Type.Optional(text('What kind of error it is, for people.')),
  detail: Type.Optional(text('What happened this time, for people.')),
})

/** Static values that an error must have; extension members of the error may be named too. */
export const errorFilter = Type.Unsafe<{
  type?: string
  status?: number
  instance?: string
  title?: string
  detail?: string
  /** The name of `detail` in DSL 1.0.x schemas. */
  details?: string
  [extension: string]: Json | undefined
}>(
  Type.Object(
    {
      type: Type.Optional(Type.String({ description: 'The kind of error.' })),
      status: Type.Optional(Type.Integer({ description: 'The status code.' })),
      instance: Type.Optional(Type.String({ description: 'JSON pointer to what raised it.' })),
      title: Type.Optional(Type.String({ description: 'The title.' })),
      detail: Type.Optional(Type.String({ description: 'The detail.' })),
      details: Type.Optional(Type.String({ description: 'The same as `detail`.' })),
    },
    {
      title: 'Error filter',
      description: 'All of these must be equal.',
      minProperties: 1,
      additionalProperties: true,
    },
  ),
)

export type ErrorDefinition = Static<typeof errorDefinition>
