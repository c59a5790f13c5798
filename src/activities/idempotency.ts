import { createHash } from 'node:crypto'
import type { ActivityContext, ActivityOptions } from './activity.ts'

/** Methods that do no more when they are sent twice (RFC 9110, section 9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * `Idempotency-Key` (IETF httpapi draft) for methods that would act again: the same for every attempt at this
 * effect, so that a target that knows the header acts once. Off with `http.sendIdempotencyKey: false`.
 */
export function idempotencyHeader(
  method: string,
  { idempotencyKey }: Pick<ActivityContext, 'idempotencyKey'>,
  { http }: Pick<ActivityOptions, 'http'>,
): { [name: string]: string } {
  if (http?.sendIdempotencyKey === false || idempotent.has(method)) return {}
  const sendable = /^[\x21-\x7e]{1,200}$/.test(idempotencyKey)
  const key = sendable ? idempotencyKey : createHash('sha256').update(idempotencyKey).digest('hex')
  return { 'idempotency-key': key }
}
