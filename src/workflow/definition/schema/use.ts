import { Type } from 'typebox'
import { authenticationPolicy } from './authentication.ts'
import { catalog } from './endpoint.ts'
import { errorDefinition } from './error.ts'
import { extensionItem } from './extension.ts'
import { retryPolicy } from './retry.ts'
import { task } from './tasks.ts'
import { timeout } from './timeout.ts'
import { closed, literal, mapOf } from './vocabulary.ts'

/** dsl-reference.md, "Use". */
export const use = closed(
  'Use',
  'What the workflow uses by name.',
  {
    authentications: Type.Optional(
      mapOf('Authentications', 'Authentication policies.', authenticationPolicy),
    ),
    catalogs: Type.Optional(mapOf('Catalogs', 'Catalogs of functions.', catalog)),
    errors: Type.Optional(mapOf('Errors', 'Errors to raise.', errorDefinition)),
    extensions: Type.Optional(Type.Array(extensionItem, { description: 'Extensions, in order.' })),
    functions: Type.Optional(mapOf('Functions', 'Functions: tasks to call.', task('The task.'))),
    retries: Type.Optional(mapOf('Retries', 'Retry policies.', retryPolicy)),
    secrets: Type.Optional(
      Type.Array(literal('The name of a secret.'), { description: 'Secrets that the workflow may read.' }),
    ),
    timeouts: Type.Optional(mapOf('Timeouts', 'Timeouts.', timeout)),
  },
  { 'x-stage': 'task', 'x-variables': 'any' },
)
