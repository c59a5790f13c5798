import { Type, type Static } from 'typebox'
import { duration } from './duration.ts'
import { closed, exactlyOne, expression, freeMap } from './vocabulary.ts'

/** dsl-reference.md, "Retry". */
export const retryPolicy = closed('Retry policy', 'When and how often to try again.', {
  when: Type.Optional(expression('Only try again where this holds of the error.')),
  exceptWhen: Type.Optional(expression('Do not try again where this holds of the error.')),
  delay: Type.Optional(duration),
  backoff: Type.Optional(
    exactlyOne('Backoff', 'How the delay grows.', {
      constant: freeMap('It stays the same.'),
      exponential: freeMap('It doubles each time.'),
      linear: freeMap('It grows by itself each time.'),
    }),
  ),
  limit: Type.Optional(
    closed('Limit', 'When to give up.', {
      attempt: Type.Optional(
        closed('Attempts', 'Limits for the attempts.', {
          count: Type.Optional(Type.Integer({ description: 'How many times to try again.', minimum: 0 })),
          duration: Type.Optional(duration),
        }),
      ),
      duration: Type.Optional(duration),
    }),
  ),
  jitter: Type.Optional(closed('Jitter', 'A random part of the delay.', { from: duration, to: duration })),
})

export type RetryPolicy = Static<typeof retryPolicy>
