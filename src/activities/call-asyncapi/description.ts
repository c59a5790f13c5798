import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { OpenDocument } from '../call-openapi/documents.ts'
import { items, member, resolved, resolvedObject, type Located } from '../call-openapi/references.ts'
import type { Intent } from './index.ts'

/** What a document says of one operation, whatever its version. */
export interface Described {
  /** The channel's address, with `{parameters}`. */
  readonly address: string
  readonly parameters: { readonly [name: string]: Parameter }
  /** Those on which the channel is, in the document's order. */
  readonly servers: readonly ServerDescription[]
  /** By protocol. */
  readonly channelBindings: JsonObject
  readonly operationBindings: JsonObject
  readonly contentType: string | undefined
  /** A runtime expression of the document: where a message carries its correlation id. */
  readonly correlation: string | undefined
}

export interface Parameter {
  readonly default?: string
  /** A runtime expression of the document: where in a message the value is. */
  readonly location?: string
}

export interface ServerDescription {
  readonly name: string
  /** `scheme://host:port/path`, any part but the host left out, with `{variables}`. */
  readonly url: string
  readonly protocol: string
  readonly protocolVersion: string | undefined
  readonly variables: {
    readonly [name: string]: { readonly default?: string; readonly enum?: readonly string[] }
  }
}

interface Names {
  readonly channel: string | undefined
  readonly operation: string | undefined
}

/** Reads the operation that a call names. Throws a `configuration` fault where the document has none such. */
export async function describe(document: OpenDocument, names: Names, intent: Intent): Promise<Described> {
  const root = document.root
  const version = isObject(root) ? root['asyncapi'] : undefined
  if (!isObject(root) || typeof version !== 'string') {
    throw fault('configuration', 'The document is no AsyncAPI document: it does not say which version it is.')
  }
  const from: Located<JsonObject> = { value: root, document }
  if (version.startsWith('2.')) return channelOfVersion2(from, names, intent)
  if (version.startsWith('3.')) return operationOfVersion3(from, names)
  throw fault('configuration', `The document is AsyncAPI ${version}; 2.x and 3.x are supported.`)
}

/** AsyncAPI 2.6: one who calls publishes to a channel's `publish`, and subscribes to its `subscribe`. */
async function channelOfVersion2(
  root: Located<JsonObject>,
  names: Names,
  intent: Intent,
): Promise<Described> {
  if (names.channel === undefined) {
    throw fault('configuration', 'The document is AsyncAPI 2: name a `channel` of it, not an `operation`.')
  }
  const channel = await entry(root, 'channels', names.channel, 'channel')
  const kind = intent === 'send' ? 'publish' : 'subscribe'
  const found = member(channel, kind)
  if (!found) throw fault('configuration', `The channel ${names.channel} has no operation '${kind}'.`)
  const operation = await resolvedObject(found, `operation '${kind}'`)
  const message = await firstOf(await optional(operation, 'message'))
  const listed = channel.value['servers']
  const on = Array.isArray(listed) && listed.length > 0 ? listed.map(String) : undefined
  return {
    address: names.channel,
    parameters: await parametersOf(channel),
    servers: (await serversOf(root)).filter(({ name }) => !on || on.includes(name)),
    channelBindings: await bindingsOf(channel),
    operationBindings: await bindingsOf(operation),
    contentType: await contentTypeOf(message, root),
    correlation: await correlationOf(message),
  }
}

async function operationOfVersion3(root: Located<JsonObject>, names: Names): Promise<Described> {
  if (names.operation === undefined) {
    throw fault('configuration', 'The document is AsyncAPI 3: name an `operation` of it, not a `channel`.')
  }
  const operation = await entry(root, 'operations', names.operation, 'operation')
  const link = member(operation, 'channel')
  if (!link) throw fault('configuration', `The operation ${names.operation} has no channel.`)
  const channel = await resolvedObject(link, 'channel')
  const { address = lastStep(link.value) } = channel.value
  if (typeof address !== 'string') {
    throw fault('configuration', `The channel of ${names.operation} has no address that is known beforehand.`)
  }
  const on = Array.isArray(channel.value['servers']) ? channel.value['servers'].map(lastStep) : []
  const servers = await serversOf(root)
  const [first] = Array.isArray(operation.value['messages'])
    ? operation.value['messages']
    : Object.values(isObject(channel.value['messages']) ? channel.value['messages'] : {})
  const message =
    first === undefined ? undefined : await firstOf({ value: first, document: channel.document })
  return {
    address,
    parameters: await parametersOf(channel),
    servers: on.length === 0 ? servers : servers.filter(({ name }) => on.includes(name)),
    channelBindings: await bindingsOf(channel),
    operationBindings: await bindingsOf(operation),
    contentType: await contentTypeOf(message, root),
    correlation: await correlationOf(message),
  }
}

async function entry(
  root: Located<JsonObject>,
  group: string,
  name: string,
  what: string,
): Promise<Located<JsonObject>> {
  const all = await optional(root, group)
  const found = all && isObject(all.value) ? member(all as Located<JsonObject>, name) : undefined
  if (found) return resolvedObject(found, what)
  const known = isObject(all?.value) ? Object.keys(all.value).join(', ') : ''
  throw fault(
    'configuration',
    `The document has no ${what} ${JSON.stringify(name)}; it has ${known || 'none'}.`,
  )
}

/** The member itself, or that of the first of its traits (of operations and messages) that has it. */
async function optional(from: Located<JsonObject>, name: string): Promise<Located | undefined> {
  const found = member(from, name)
  if (found) return resolved(found)
  for (const trait of await items(from, 'traits')) {
    const inTrait = member(trait, name)
    if (inTrait) return resolved(inTrait)
  }
  return undefined
}

/** The name at the end of a reference: `#/servers/test` is `test`. */
function lastStep(value: Json): string | undefined {
  const reference = isObject(value) ? value['$ref'] : undefined
  if (typeof reference !== 'string') return undefined
  return reference
    .slice(reference.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
}

/** Of messages of which any may come, the first says what is common: how they are written. */
async function firstOf(message: Located | undefined): Promise<Located<JsonObject> | undefined> {
  if (!message) return undefined
  const { value, document } = await resolved(message)
  if (!isObject(value)) return undefined
  const several = value['oneOf']
  if (!Array.isArray(several) || several[0] === undefined) return { value, document }
  return firstOf({ value: several[0], document })
}

async function contentTypeOf(
  message: Located<JsonObject> | undefined,
  root: Located<JsonObject>,
): Promise<string | undefined> {
  const own = message && (await optional(message, 'contentType'))
  const type = own?.value ?? root.value['defaultContentType']
  return typeof type === 'string' ? type : undefined
}

async function correlationOf(message: Located<JsonObject> | undefined): Promise<string | undefined> {
  const found = message && (await optional(message, 'correlationId'))
  const location = isObject(found?.value) ? found.value['location'] : undefined
  return typeof location === 'string' ? location : undefined
}

async function bindingsOf(from: Located<JsonObject>): Promise<JsonObject> {
  const found = await optional(from, 'bindings')
  return isObject(found?.value) ? found.value : {}
}

async function parametersOf(channel: Located<JsonObject>): Promise<{ [name: string]: Parameter }> {
  const all = await optional(channel, 'parameters')
  if (!isObject(all?.value)) return {}
  const parameters: { [name: string]: Parameter } = {}
  for (const [name, value] of Object.entries(all.value)) {
    const { value: parameter } = await resolvedObject({ value, document: all.document }, `parameter ${name}`)
    const schema = isObject(parameter['schema']) ? parameter['schema'] : {}
    const fallback = parameter['default'] ?? schema['default']
    const { location } = parameter
    parameters[name] = {
      ...(fallback !== undefined && { default: String(fallback) }),
      ...(typeof location === 'string' && { location }),
    }
  }
  return parameters
}

async function serversOf(root: Located<JsonObject>): Promise<ServerDescription[]> {
  const all = await optional(root, 'servers')
  if (!isObject(all?.value)) return []
  return Promise.all(
    Object.entries(all.value).map(async ([name, value]) => {
      const server = await resolvedObject({ value, document: all.document }, `server ${name}`)
      const { url, host, pathname = '', protocol, protocolVersion } = server.value
      if (typeof protocol !== 'string' || (typeof url !== 'string' && typeof host !== 'string')) {
        throw fault(
          'configuration',
          `The server ${name} of the document does not say where it is, or what it speaks.`,
        )
      }
      const variables = await optional(server, 'variables')
      return {
        name,
        url: typeof url === 'string' ? url : `${host as string}${pathname as string}`,
        protocol,
        protocolVersion: protocolVersion === undefined ? undefined : String(protocolVersion),
        variables: (isObject(variables?.value) ? variables.value : {}) as ServerDescription['variables'],
      }
    }),
  )
}
