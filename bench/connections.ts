/** Connections for what is measured: no project, no secrets but those that are given, nothing over HTTP. */
import {
  openConnections,
  type ConnectionDeclaration,
  type Connections,
  type Connector,
} from '../src/connectors/index.ts'
import type { HttpClient } from '../src/http/index.ts'

export function benchConnections(
  declarations: readonly ConnectionDeclaration[],
  connectorOf: (type: string) => Connector | undefined,
  folder: string,
  secrets: { readonly [name: string]: string } = {},
): Connections {
  return openConnections({
    declarations: () => declarations,
    connectorOf,
    secrets: async () => secrets,
    environment: {},
    projectFolder: folder,
    dataFolder: folder,
    http: {} as HttpClient,
    now: Date.now,
    log: (level, message) => level !== 'info' && console.error(level, message),
  })
}
