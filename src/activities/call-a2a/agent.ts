import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ActivityContext, ActivityOptions } from '../activity.ts'
import { endpointOf } from '../input.ts'
import { parseDocument, readResource } from '../resources.ts'
import { credentialsFor, type Credentials } from './security.ts'

/** Where an agent is asked, and how one shows who one is. */
export interface Agent extends Omit<Credentials, 'query'> {
  readonly uri: string
}

/** The agent by its card, which counts where there is one, or by the address of its server. */
export async function agentOf(
  input: JsonObject,
  context: ActivityContext,
  options: ActivityOptions,
): Promise<Agent> {
  const { agentCard, server } = input
  if (isObject(agentCard)) return describedAgent(agentCard, context, options)
  if (server === undefined || server === null) {
    throw fault('configuration', 'An A2A call has an `agentCard`, or a `server`.')
  }
  const { uri, authentication } = endpointOf(server, 'server')
  return { uri, headers: {}, ...(authentication !== undefined && { authentication }) }
}

async function describedAgent(
  resource: JsonObject,
  context: ActivityContext,
  options: ActivityOptions,
): Promise<Agent> {
  const endpoint = endpointOf(resource['endpoint'], 'agentCard.endpoint')
  const found = await readResource(endpoint, context, options, { maxBytes: 1_000_000 })
  const what = `The agent card at ${endpoint.uri}`
  const card = parseDocument(found?.content ?? '', what)
  if (!isObject(card)) throw fault('configuration', `${what} is no object.`)
  const uri = addressIn(card, what)
  const { query, ...credentials } = await credentialsFor(card, endpoint, uri, context)
  const address = new URL(uri)
  for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value)
  return { uri: address.href, ...credentials }
}

/** The card's address for JSON-RPC: its own, unless it prefers another transport; then among the further ones. */
function addressIn(card: JsonObject, what: string): string {
  const { url, preferredTransport = 'JSONRPC' } = card
  if (typeof url === 'string' && preferredTransport === 'JSONRPC') return checked(url, what)
  const others = [...listOf(card['additionalInterfaces']), ...listOf(card['supportedInterfaces'])]
  const suitable = others.find(
    ({ transport, protocolBinding, protocolVersion }) =>
      (transport === 'JSONRPC' || protocolBinding === 'JSONRPC') &&
      (protocolVersion === undefined || /^0\./.test(String(protocolVersion))),
  )
  if (typeof suitable?.['url'] === 'string') return checked(suitable['url'], what)
  throw fault(
    'configuration',
    `${what} names no address at which the agent speaks JSON-RPC by version 0.3 of the protocol.`,
  )
}

const listOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : []

function checked(url: string, what: string): string {
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url
  throw fault(
    'configuration',
    `${what} gives ${JSON.stringify(url.slice(0, 200))} as the agent's address, which is none of HTTP.`,
  )
}
