import { fault, isObject, problemOf, type Json, type JsonObject } from '../workflow/index.ts'

/** The messages of JSON-RPC 2.0, as the Model Context Protocol and Agent2Agent use them. */
export const requestMessage = (id: number, method: string, params: Json | undefined): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params === undefined ? {} : { params }),
})

export const isResponse = (message: Json, id: number): message is JsonObject =>
  isObject(message) && message['id'] === id && ('result' in message || 'error' in message)

/** The result of a response. Throws a `runtime` fault with `rpcCode` where it is an error. */
export function resultOf(response: JsonObject, what: string, mask: (text: string) => string): Json {
  const { error, result } = response
  if (error === undefined || error === null) return result ?? null
  const { code, message, data } = isObject(error) ? error : {}
  const said = mask(typeof message === 'string' ? message : 'an error without a message').slice(0, 1000)
  const more = data === undefined || data === null ? '' : ` ${mask(JSON.stringify(data)).slice(0, 1000)}`
  throw fault('runtime', `${what}: ${said}${more}`, { rpcCode: typeof code === 'number' ? code : 0 })
}

/**
 * dsl-reference.md says of these calls that a failure is a `runtime` error: so is one of the way there, which keeps
 * its status. What this server itself refuses or lacks stays what it is.
 */
export function asRuntime(error: unknown, what: string): unknown {
  const problem = problemOf(error)
  if (!problem || !/\/communication$/.test(problem.type)) return error
  const { type: _type, title: _title, detail = '', ...rest } = problem
  return fault('runtime', `${what}: ${detail}`, rest)
}

/** Parses one message, or a batch of them. Throws a `runtime` fault where it is none. */
export function messagesIn(text: string, what: string): readonly Json[] {
  try {
    const value = JSON.parse(text) as Json
    return Array.isArray(value) ? value : [value]
  } catch {
    throw fault('runtime', `${what}: the answer is not JSON.`)
  }
}
