import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpClient } from '../../http/index.ts'
import type { JsonObject } from '../../workflow/index.ts'
import type { ConnectionSettings, Connector, ConnectorHost, OpenConnection } from '../connector.ts'
import { metadataValue } from '../metadata.ts'

export interface TestHost extends ConnectorHost {
  readonly logged: { level: string; message: string; data?: JsonObject }[]
  close(): Promise<void>
}

/** A host as the app gives one, without policies, in a folder of its own. */
export function createHost(more: Partial<ConnectorHost> = {}): TestHost {
  const folder = mkdtempSync(join(tmpdir(), 'sluse-host-'))
  const dataFolder = join(folder, 'data')
  mkdirSync(dataFolder)
  const http = createHttpClient({ environment: {} })
  const logged: TestHost['logged'] = []
  return {
    http,
    guarded: (operation, { signal }) => operation(signal),
    environment: {},
    projectFolder: folder,
    dataFolder,
    now: () => Date.now(),
    log: (level, message, data) => void logged.push({ level, message, ...(data && { data }) }),
    ...more,
    logged,
    async close() {
      await http.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Opens a connection as a project would, metadata checked and defaults filled in. */
export function connect(
  connector: Connector,
  metadata: { readonly [key: string]: string | number | boolean },
  host: ConnectorHost,
  more: Partial<ConnectionSettings> = {},
): OpenConnection {
  const values = Object.entries(connector.metadata).flatMap(([key, field]) => {
    const given = metadata[key] ?? field.default
    return given === undefined ? [] : [[key, metadataValue(field, given)] as const]
  })
  return connector.open(
    {
      name: 'tested',
      type: connector.type,
      metadata: { ...(connector.anyMetadata ? metadata : {}), ...Object.fromEntries(values) },
      headers: {},
      clientTls: {},
      ...more,
    },
    host,
  )
}
