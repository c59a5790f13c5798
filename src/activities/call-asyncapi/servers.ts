import { fault, isObject, type JsonObject } from '../../workflow/index.ts'
import type { ServerDescription } from './description.ts'

/** A server with its variables in place. */
export interface ChosenServer {
  readonly name: string
  /** As the document has it: `secure-mqtt`. */
  readonly protocol: string
  readonly protocolVersion: string | undefined
  readonly host: string
  readonly port: number | undefined
  /** Empty, or with a slash at its start and none at its end. */
  readonly path: string
  readonly secure: boolean
}

/** The server of that name; else the first of the channel's that speaks the protocol, or the first. */
export function chooseServer(
  servers: readonly ServerDescription[],
  chosen: JsonObject | undefined,
  protocol: string | undefined,
): ChosenServer {
  const known = servers.map(({ name, protocol: speaks }) => `${name} (${speaks})`).join(', ') || 'none'
  if (chosen) {
    const found = servers.find(({ name }) => name === chosen['name'])
    if (found) return located(found, isObject(chosen['variables']) ? chosen['variables'] : {})
    throw fault(
      'configuration',
      `The channel has no server ${JSON.stringify(chosen['name'] ?? null)}; it has ${known}.`,
    )
  }
  const found = protocol === undefined ? servers[0] : servers.find((server) => speaks(server, protocol))
  if (found) return located(found, {})
  throw fault(
    'configuration',
    protocol === undefined
      ? 'The document has no server for this channel.'
      : `The channel has no server that speaks ${protocol}; it has ${known}.`,
  )
}

/** A protocol's name covers its form with TLS: `mqtt` is `secure-mqtt`, too. */
function speaks({ protocol, protocolVersion = '' }: ServerDescription, wanted: string): boolean {
  if (wanted === 'mqtt5')
    return family(protocol) === 'mqtt5' || (family(protocol) === 'mqtt' && /^5/.test(protocolVersion))
  return family(protocol) === family(wanted) || (wanted === 'mqtt' && family(protocol) === 'mqtt5')
}

/** The protocol without what says that it is secured. */
export function family(protocol: string): string {
  const plain = protocol.toLowerCase().replace(/^secure-|-secure$/g, '')
  return secured[plain] ?? plain
}

const secured: { readonly [protocol: string]: string } = {
  https: 'http',
  wss: 'ws',
  mqtts: 'mqtt',
  mqtts5: 'mqtt5',
  amqps: 'amqp',
  rediss: 'redis',
  tls: 'nats',
}

function located(server: ServerDescription, variables: JsonObject): ChosenServer {
  const url = server.url.replace(/\{([^{}]+)\}/g, (_, name: string) => variable(server, name, variables))
  const [, scheme = '', host, port, path = ''] =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[^\]]+\]|[^:/?#@\s]+)(?::(\d{1,5}))?(\/[^?#]*)?$/i.exec(url) ?? []
  if (host === undefined) {
    throw fault('configuration', `The address of the server ${server.name} is none: ${JSON.stringify(url)}.`)
  }
  const isSecure = (name: string) => family(name) !== name.toLowerCase()
  return {
    name: server.name,
    protocol: server.protocol,
    protocolVersion: server.protocolVersion,
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? undefined : Number(port),
    path: path.replace(/\/+$/, ''),
    secure: isSecure(server.protocol) || (scheme !== '' && isSecure(scheme)),
  }
}

function variable(server: ServerDescription, name: string, given: JsonObject): string {
  const described = Object.hasOwn(server.variables, name) ? server.variables[name] : undefined
  const value = given[name] ?? described?.default
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw fault('configuration', `The server ${server.name} needs a value for its variable '${name}'.`)
  }
  const allowed = described?.enum
  if (allowed && !allowed.includes(String(value))) {
    throw fault(
      'configuration',
      `The variable '${name}' of the server ${server.name} is one of ${allowed.join(', ')}.`,
    )
  }
  // It becomes part of an address: nothing in it may lead elsewhere.
  if (!/^[\w.~-]+$/.test(String(value))) {
    throw fault('validation', `The value of the variable '${name}' cannot stand in an address.`)
  }
  return String(value)
}
