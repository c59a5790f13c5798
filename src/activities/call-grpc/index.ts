/** `grpc`: a method of a gRPC service, streams included (dsl-reference.md, "gRPC Call"). */
import { isIP } from 'node:net'
import { socketRules } from '../../http/index.ts'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityFactory } from '../activity.ts'
import { idempotencyHeader } from '../idempotency.ts'
import { endpointOf, objectInput, optionalObject, textOf } from '../input.ts'
import { readResource } from '../resources.ts'
import { openChannels } from './channel.ts'
import type { Method } from './proto.ts'

export const callGrpc: ActivityFactory = (options) => {
  const { http = {} } = options
  const channels = openChannels(socketRules(http), {
    connectTimeoutMs: http.connectTimeoutMs ?? 10_000,
    maxBytes: http.maxResponseBytes ?? 10_000_000,
  })
  const timeoutMs = http.totalTimeoutMs ?? 5 * 60_000

  return {
    name: 'grpc',
    async run(given, context) {
      const input = objectInput(given, 'grpc')
      const service = optionalObject(input, 'service') ?? {}
      const target = targetOf(service, input['metadata'])
      const proto = optionalObject(input, 'proto') ?? {}
      // Loaded with the first call: few pipelines make one.
      const { loadProto, methodOf } = await import('./proto.ts')
      const { fromJson, toJson } = await import('./proto-json.ts')
      const root = await loadProto(
        endpointOf(proto['endpoint'], 'proto.endpoint'),
        async (endpoint) => (await readResource(endpoint, context, options))?.content,
      )
      const method = methodOf(root, textOf(service, 'name'), textOf(input, 'method'))
      const messages = messagesOf(method, input['arguments']).map((message) =>
        fromJson(method.requestType, message),
      )

      const uri = `${target.tls ? 'https' : 'http'}://${target.authority}${method.path}`
      const key = idempotencyHeader('POST', context, options)
      const authorization = await authorizationOf(service['authentication'], target, uri, context)
      const call = { repeatable: () => Object.keys(key).length > 0, signal: context.signal }
      const answers = await context.guarded(uri, call, (signal) =>
        channels.call({
          ...target,
          path: method.path,
          headers: { ...traceHeader(input['headers']), ...key, ...authorization },
          messages,
          timeoutMs,
          signal,
          secrets: context.secrets,
        }),
      )
      const results = answers.map((bytes) => toJson(method.responseType, bytes))
      if (method.responseStream) return results
      const [result] = results
      if (result === undefined || results.length > 1) {
        throw fault('communication', `${method.path} is to give one message, and gave ${results.length}.`)
      }
      return result
    },
    close: () => channels.close(),
  }
}

/** The language has no word for metadata of a call: what a function is sent with it is its trace. */
function traceHeader(headers: Json | undefined): { [name: string]: string } {
  const traceparent = isObject(headers) ? headers['traceparent'] : undefined
  return typeof traceparent === 'string' ? { traceparent } : {}
}

interface Target {
  readonly host: string
  readonly authority: string
  readonly tls: boolean
}

/**
 * The specification has no word for TLS. Port 443, no port, and `https://` before the host mean TLS, any other
 * port does not; `metadata: { tls: true }` on the task, or false, says otherwise.
 */
function targetOf(service: JsonObject, metadata: Json | undefined): Target {
  const [, scheme, name = ''] = /^(https?:\/\/)?(.*)$/.exec(textOf(service, 'host')) ?? []
  const host = name.replace(/\/$/, '')
  if (!/^[a-zA-Z0-9.-]+$/.test(host) && isIP(host.replace(/^\[|\]$/g, '')) === 0) {
    throw fault('configuration', `${JSON.stringify(host.slice(0, 100))} is not the name of a host.`)
  }
  const { port } = service
  if (
    port !== undefined &&
    port !== null &&
    !(Number.isInteger(port) && Number(port) > 0 && Number(port) < 65536)
  ) {
    throw fault('configuration', 'The port of a gRPC service is a number from 1 to 65535.')
  }
  const asked = isObject(metadata) ? metadata['tls'] : undefined
  const usual = scheme === 'https://' || (scheme === undefined && (port === 443 || typeof port !== 'number'))
  const tls = typeof asked === 'boolean' ? asked : usual
  const bare = host.replace(/^\[|\]$/g, '')
  const shown = isIP(bare) === 6 ? `[${bare}]` : bare
  return { host: bare, authority: `${shown}:${typeof port === 'number' ? port : tls ? 443 : 80}`, tls }
}

/** Credentials go over TLS, or stay on this machine. */
async function authorizationOf(
  policy: Json | undefined,
  target: Target,
  uri: string,
  context: ActivityContext,
): Promise<{ [name: string]: string }> {
  if (policy === undefined || policy === null) return {}
  if (!target.tls && !/^(localhost|127\.|::1$)/.test(target.host)) {
    throw fault(
      'configuration',
      `Credentials are not sent to ${target.authority} without TLS: use port 443, or say \`metadata: { tls: true }\` on the task.`,
    )
  }
  const { scheme, parameter } = await context.http.authorize(policy, context, { method: 'POST', uri })
  return { authorization: `${scheme} ${parameter}` }
}

/**
 * What is sent: one message, or for a method that takes a stream a list of them. The specification's schema wants
 * a map, so the list may also stand under the name `messages`, unless the message has a field of that name.
 */
function messagesOf(method: Method, given: Json | undefined): readonly Json[] {
  if (!method.requestStream) return [given ?? {}]
  if (Array.isArray(given)) return given
  if (isObject(given) && !Object.hasOwn(method.requestType.fields, 'messages')) {
    const { messages, ...rest } = given
    if (Array.isArray(messages) && Object.keys(rest).length === 0) return messages
  }
  return [given ?? {}]
}
