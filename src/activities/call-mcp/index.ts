/** `mcp`: a method of a Model Context Protocol server, over HTTP or as a process (dsl-reference.md, "MCP Call"). */
import { maskFor } from '../../http/index.ts'
import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityFactory, ActivityOptions } from '../activity.ts'
import { objectInput, optionalObject, optionalText, textOf } from '../input.ts'
import { asRuntime } from '../json-rpc.ts'
import { overHttp } from './over-http.ts'
import { overStdio } from './over-stdio.ts'
import type { Session } from './session.ts'

/** The versions that are spoken, by their dates; those of 2024-11-05 over HTTP used another transport. */
const versions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']

const methods = [
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/read',
  'resources/templates/list',
]

export const callMcp: ActivityFactory = (options) => ({
  name: 'mcp',
  async run(given, context) {
    const input = objectInput(given, 'mcp')
    const method = textOf(input, 'method')
    if (!methods.includes(method)) {
      throw fault(
        'configuration',
        `There is no MCP method ${JSON.stringify(method)}: there are ${methods.join(', ')}.`,
      )
    }
    const parameters = optionalObject(input, 'parameters') ?? {}
    const handshake = handshakeOf(input)
    const timeoutMs = timeoutOf(input['timeout']) ?? options.http?.totalTimeoutMs ?? 5 * 60_000
    const late = AbortSignal.timeout(timeoutMs)
    const bounded = { ...context, signal: AbortSignal.any([context.signal, late]) }
    const what = `MCP ${method}`
    const transport = optionalObject(input, 'transport') ?? {}
    const ask = async (within: ActivityContext) => {
      const session = await open(transport, within, options, what)
      try {
        await initialize(session, handshake, what)
        return await session.request(method, parameters)
      } finally {
        await session.close()
      }
    }
    try {
      const { stdio } = transport
      // Over HTTP each request is a call by itself; a process is one as a whole.
      if (!isObject(stdio)) return await ask(bounded)
      const call = { repeatable: () => method !== 'tools/call', signal: bounded.signal }
      return await context.guarded(`stdio:${String(stdio['command'])}`, call, (signal) =>
        ask({ ...bounded, signal }),
      )
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason
      if (late.aborted) {
        throw fault('runtime', `${what}: no answer within ${timeoutMs / 1000} seconds.`, { status: 408 })
      }
      throw asRuntime(error, what)
    }
  },
})

async function open(
  transport: JsonObject,
  context: ActivityContext,
  options: ActivityOptions,
  what: string,
): Promise<Session> {
  const { http, stdio } = transport
  const mask = maskFor(context.secrets)
  if (isObject(http) && stdio === undefined) return overHttp(http, context, options, what, mask)
  if (isObject(stdio) && http === undefined) return overStdio(stdio, context, options, what, mask)
  throw fault('configuration', 'An MCP call has a `transport`: either `http` or `stdio`.')
}

interface Handshake {
  readonly protocolVersion: string
  readonly client: JsonObject
}

function handshakeOf(input: JsonObject): Handshake {
  const protocolVersion = optionalText(input, 'protocolVersion') ?? '2025-06-18'
  if (!versions.includes(protocolVersion)) {
    throw fault(
      'configuration',
      `Version ${protocolVersion} of MCP is not spoken here: ${versions.join(', ')} are.`,
    )
  }
  const { name = 'sluse', version = '1' } = optionalObject(input, 'client') ?? {}
  return { protocolVersion, client: { name: String(name), version: String(version) } }
}

/** "Lifecycle" of the protocol: nothing is asked before the two have agreed on a version. */
async function initialize(
  session: Session,
  { protocolVersion, client }: Handshake,
  what: string,
): Promise<void> {
  const answer = await session.request('initialize', {
    protocolVersion,
    capabilities: {},
    clientInfo: client,
  })
  const agreed = isObject(answer) ? answer['protocolVersion'] : undefined
  if (typeof agreed !== 'string' || !versions.includes(agreed)) {
    throw fault(
      'runtime',
      `${what}: the server speaks version ${JSON.stringify(agreed ?? null)}, which is not known here.`,
    )
  }
  session.agreed(agreed)
  await session.notify('notifications/initialized')
}

function timeoutOf(value: Json | undefined): number | undefined {
  if (value === undefined || value === null) return undefined
  const milliseconds = isObject(value) ? value['milliseconds'] : undefined
  if (typeof milliseconds === 'number' && milliseconds > 0) return Math.min(milliseconds, 2 ** 31 - 1)
  throw fault('configuration', 'The timeout of an MCP call is a duration.')
}
