import { isObject, type Json, type JsonObject } from '../../workflow/index.ts'

/** A connection to a server, over whichever transport. Failures are `runtime` or `communication` faults. */
export interface Session {
  request(method: string, params: Json): Promise<Json>
  notify(method: string): Promise<void>
  /** Both sides speak this version from now on. */
  agreed(version: string): void
  /** Lets go of it. Never throws. */
  close(): Promise<void>
}

/** Most that one answer may hold. */
export const maxAnswerBytes = 10_000_000

/**
 * What we answer to a request of the server, which may come before its response: we offer it nothing (`capabilities`
 * is empty) but to say that we are there.
 */
export function replyTo(message: Json): JsonObject | undefined {
  if (!isObject(message) || typeof message['method'] !== 'string' || message['id'] === undefined)
    return undefined
  const { id, method } = message
  if (method === 'ping') return { jsonrpc: '2.0', id, result: {} }
  return { jsonrpc: '2.0', id, error: { code: -32601, message: `This client offers no ${method}.` } }
}
