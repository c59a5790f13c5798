/** PostgreSQL. Dapr calls the type `bindings.postgresql`. */
import { rootCertificates } from 'node:tls'
import type { ClientConfig } from 'pg'
import { fault } from '../../workflow/index.ts'
import type { ConnectionSettings, Connector } from '../connector.ts'
import { sqlSource, sqlSourceOptions, sqlTarget, sqlTargetModes, sqlTargetOptions } from '../sql/index.ts'
import { parseConnectionString } from './connection-string.ts'
import { postgresDatabase } from './database.ts'

export const postgres: Connector = {
  type: 'bindings.postgresql',
  about: 'Tables of a PostgreSQL database.',
  metadata: {
    connectionString: {
      about:
        'All in one: `host=… port=… user=… password=… database=…`, or `postgres://…`. Else give the parts.',
      type: 'text',
      secret: true,
    },
    host: { about: 'The name or address of the server.', type: 'text' },
    port: { about: 'Its port.', type: 'number', default: 5432 },
    database: { about: 'The database.', type: 'text' },
    user: { about: 'The user.', type: 'text' },
    password: { about: "The user's password.", type: 'text', secret: true },
    sslMode: {
      about:
        'Whether the connection is encrypted: `require` does not check whose certificate it is, `verify-full` does. ' +
        'Default: `disable` for this machine, else `verify-full`.',
      type: 'text',
      choices: ['disable', 'require', 'verify-full'],
    },
    sslRootCert: { about: 'Further certificate authorities that are trusted, PEM text.', type: 'text' },
    timeout: { about: 'Longest time for one statement; 0 for none.', type: 'duration', default: '0s' },
  },
  sourceOptions: sqlSourceOptions,
  targetOptions: sqlTargetOptions,
  targetModes: sqlTargetModes,
  open(connection, host) {
    const config = clientConfig(connection)
    const database = postgresDatabase(config)
    return {
      check: (signal) =>
        host.guarded(
          async (limited) => {
            const session = await database.connect(limited)
            try {
              const [row] = await session.run(
                "select current_setting('server_version') as version, current_database() as name",
              )
              return `Signed in to ${String(row?.name)} on ${config.host}:${config.port}, PostgreSQL ${String(row?.version)}.`
            } finally {
              await session.close()
            }
          },
          { repeatable: true, signal },
        ),
      source: (options) => sqlSource(database, options, host),
      target: (options) => sqlTarget(database, options, host),
      close: async () => {},
    }
  },
}

function clientConfig({ name, metadata }: ConnectionSettings): ClientConfig {
  const parts = {
    ...metadata,
    ...(typeof metadata.connectionString === 'string'
      ? parseConnectionString(metadata.connectionString)
      : {}),
  }
  const { host, port, database, user } = parts
  if (host === undefined || database === undefined || user === undefined) {
    throw fault(
      'configuration',
      `${name} needs host, database and user, or a connectionString that has them.`,
    )
  }
  const local = /^(localhost|127\.|::1|\/)/.test(String(host))
  const mode = String(parts.sslMode ?? (local ? 'disable' : 'verify-full'))
  const timeout = Number(metadata.timeout ?? 0)
  return {
    host: String(host),
    port: Number(port ?? 5432),
    database: String(database),
    user: String(user),
    ...(parts.password !== undefined && { password: String(parts.password) }),
    ...(mode !== 'disable' && {
      ssl: {
        rejectUnauthorized: mode === 'verify-full',
        ...(metadata.sslRootCert !== undefined && {
          ca: [...rootCertificates, String(metadata.sslRootCert)],
        }),
      },
    }),
    ...(timeout > 0 && { statement_timeout: timeout }),
    connectionTimeoutMillis: 10_000,
    application_name: 'sluse',
  }
}
