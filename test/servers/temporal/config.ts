import { join } from 'node:path'
import { stringify } from 'yaml'
import type { PostgresServer } from '../postgres/index.ts'

export interface Ports {
  readonly frontend: number
  readonly http: number
  readonly history: number
  readonly matching: number
  readonly worker: number
  readonly frontendMember: number
  readonly historyMember: number
  readonly matchingMember: number
  readonly workerMember: number
}

/** What the server keeps, and the version of its schema that this release of the server asks for. */
export const databases = [
  { name: 'temporal', schema: 'postgresql/v12/temporal', version: '1.19', connections: 10 },
  { name: 'temporal_visibility', schema: 'postgresql/v12/visibility', version: '1.14', connections: 3 },
] as const

/** Files, PEM: what the frontend shows, and whose certificates it asks those for that call it. */
export interface ServerTls {
  readonly certificate: string
  readonly key: string
  readonly authority: string
}

/** The server's own worker calls the frontend as others do. */
function tlsConfig({ certificate, key, authority }: ServerTls) {
  const client = { serverName: '127.0.0.1', rootCaFiles: [authority] }
  const own = { certFile: certificate, keyFile: key }
  return {
    frontend: { server: { ...own, requireClientAuth: true, clientCaFiles: [authority] }, client },
    systemWorker: { ...own, client },
  }
}

/** The server's configuration files, by their names: all services on loopback, few shards, nothing to wait for. */
export function serverConfig(
  postgres: PostgresServer,
  ports: Ports,
  folder: string,
  limits: { readonly [setting: string]: number },
  tls?: ServerTls,
) {
  const [store, visibility] = databases.map(({ name, connections }) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName: name,
      connectAddr: `${postgres.host}:${postgres.port}`,
      connectProtocol: 'tcp',
      user: postgres.user,
      password: postgres.password,
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  }))
  const service = (grpcPort: number, membershipPort: number, more = {}) => {
    return { rpc: { grpcPort, membershipPort, bindOnLocalHost: true, ...more } }
  }
  const frontend = `127.0.0.1:${ports.frontend}`
  const config = {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'store',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: { store, visibility },
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      ...(tls && { tls: tlsConfig(tls) }),
    },
    services: {
      frontend: service(ports.frontend, ports.frontendMember, { httpPort: ports.http }),
      history: service(ports.history, ports.historyMember),
      matching: service(ports.matching, ports.matchingMember),
      worker: service(ports.worker, ports.workerMember),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: frontend },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    publicClient: { hostPort: frontend },
    dynamicConfigClient: { filepath: join(folder, 'config', 'dynamic.yaml'), pollInterval: '60s' },
  }
  const limited = Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, everywhere(value)]))
  return { 'server.yaml': stringify(config), 'dynamic.yaml': stringify({ ...dynamic, ...limited }) }
}

const everywhere = (value: unknown) => [{ value }]

const dynamic = {
  'matching.numTaskqueueReadPartitions': everywhere(1),
  'matching.numTaskqueueWritePartitions': everywhere(1),
  'system.namespaceCacheRefreshInterval': everywhere('200ms'),
  'system.enableActivityEagerExecution': everywhere(true),
}
