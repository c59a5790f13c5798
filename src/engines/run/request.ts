import type { ActivityCall } from '../../workflow/index.ts'
import type { ActivityRequest } from '../engine.ts'

type Effect = Pick<ActivityRequest, 'runId' | 'key' | 'attempt' | 'secrets' | 'signal'>

/** What is asked of whoever carries an effect out: the same for each attempt at it, on every engine. */
export function requestFor(effect: Effect, { kind, input, onFailure }: ActivityCall): ActivityRequest {
  const idempotencyKey = `${effect.runId}:${effect.key}`
  return { kind, input, idempotencyKey, ...effect, ...(onFailure && { onFailure }) }
}
