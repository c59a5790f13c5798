import type { HttpClient } from '../http/index.ts'
import type { Guard } from '../resilience/index.ts'
import { fault } from '../workflow/index.ts'
import type { ConnectionSettings, Connector, ConnectorHost, OpenConnection, TargetMode } from './connector.ts'
import type { ConnectionDeclaration, DeclaredValue } from './declaration.ts'
import { guardedBy } from './guarded.ts'
import { metadataValue } from './metadata.ts'
import { resolveSecret, secretStoreTypes, type SecretSurroundings } from './secret-stores.ts'

/** The project's connections, by name. */
export interface Connections {
  /** Those that data can come from or go to, by name; secret stores are none. */
  list(): readonly ConnectionDeclaration[]
  connectorOf(name: string): Connector
  /** What each can do, without its settings. */
  overview(): ConnectionOverview[]
  /**
   * Opens one for the caller alone, who closes it. Costs nothing until its first use. Throws a `configuration` fault
   * where there is no such connection, a secret is missing, or metadata do not fit together.
   */
  open(name: string): Promise<OpenConnection>
  /** Whether it works, and why not, in a sentence. Throws a fault where it doesn't. */
  check(name: string, signal: AbortSignal): Promise<string>
}

export interface ConnectionOverview {
  readonly name: string
  readonly type: string
  readonly kind: ConnectionDeclaration['kind']
  readonly about?: string
  /** Whether records can be read from it. */
  readonly source: boolean
  /** How records can be written to it. */
  readonly targetModes: TargetMode[]
}

export interface ConnectionsOptions extends SecretSurroundings {
  /** As the project has them now. */
  readonly declarations: () => readonly ConnectionDeclaration[]
  readonly connectorOf: (type: string) => Connector | undefined
  readonly http: HttpClient
  readonly guard?: Guard | undefined
  /** Absolute. */
  readonly dataFolder: string
  readonly now: () => number
  readonly log: ConnectorHost['log']
}

export function openConnections(options: ConnectionsOptions): Connections {
  const find = (name: string): ConnectionDeclaration => {
    const found = list().find((each) => each.name === name)
    if (found) return found
    throw fault('configuration', `There is no connection ${JSON.stringify(name)}.`)
  }
  const list = () => options.declarations().filter(({ type }) => !Object.hasOwn(secretStoreTypes, type))

  const connectorOf = (declaration: ConnectionDeclaration): Connector => {
    const connector = options.connectorOf(declaration.type)
    if (connector) return connector
    throw fault('configuration', `There is no connector for ${declaration.type}.`)
  }

  const open = async (name: string): Promise<OpenConnection> => {
    const declaration = find(name)
    const connector = connectorOf(declaration)
    const host: ConnectorHost = {
      ...guardedBy(options.guard, declaration, options.http),
      environment: options.environment,
      projectFolder: options.projectFolder,
      dataFolder: options.dataFolder,
      now: options.now,
      log: (level, message, data) => options.log(level, message, { ...data, connection: name }),
    }
    return connector.open(await settingsOf(declaration, connector, options), host)
  }

  const sorted = () => [...list()].sort((one, other) => one.name.localeCompare(other.name))
  return {
    list: sorted,
    overview: () =>
      sorted().map(({ name, type, kind }) => {
        const connector = options.connectorOf(type)
        return {
          name,
          type,
          kind,
          ...(connector && { about: connector.about }),
          source: connector?.sourceOptions !== undefined,
          targetModes: [...(connector?.targetModes ?? [])],
        }
      }),
    connectorOf: (name) => connectorOf(find(name)),
    open,
    async check(name, signal) {
      const connection = await open(name)
      try {
        return await connection.check(signal)
      } finally {
        await connection.close()
      }
    },
  }
}

async function settingsOf(
  declaration: ConnectionDeclaration,
  connector: Connector,
  options: ConnectionsOptions,
): Promise<ConnectionSettings> {
  const { name, type, secretStore } = declaration
  // What is declared for another program alone has its secrets there, not here.
  const store = connector.anyMetadata ? undefined : storeOf(secretStore, options.declarations())
  const ours = Object.entries(declaration.metadata).filter(
    ([key]) => !connector.anyMetadata || Object.hasOwn(connector.metadata, key),
  )
  const values = async (declared: { readonly [key: string]: DeclaredValue }, place: string) => {
    const found: { [key: string]: string | number | boolean } = {}
    for (const [key, each] of Object.entries(declared)) {
      if ('value' in each) found[key] = each.value
      else {
        const secret = await resolveSecret(each.secret, store, options)
        try {
          found[key] = metadataValue(each.field, secret)
        } catch (error) {
          const why = (error as Error).message
          throw fault('configuration', `The secret for ${place}${key} of ${name} does not fit. ${why}`)
        }
      }
    }
    return found
  }
  const defaults = Object.entries(connector.metadata).flatMap(([key, field]) =>
    field.default === undefined ? [] : [[key, metadataValue(field, field.default)] as const],
  )
  return {
    name,
    type,
    metadata: { ...Object.fromEntries(defaults), ...(await values(Object.fromEntries(ours), '')) },
    headers: (await values(declaration.headers, 'the header ')) as { [name: string]: string },
    clientTls: await values(declaration.clientTls, 'clientTLS.'),
  }
}

function storeOf(
  name: string | undefined,
  declarations: readonly ConnectionDeclaration[],
): ConnectionDeclaration | undefined {
  if (name === undefined) return undefined
  const store = declarations.find((each) => each.name === name && Object.hasOwn(secretStoreTypes, each.type))
  if (store) return store
  throw fault('configuration', `There is no secret store ${JSON.stringify(name)} among the connections.`)
}
