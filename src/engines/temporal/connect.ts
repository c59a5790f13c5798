import type { Connection, ConnectionOptions } from '@temporalio/client'
import { SluseError } from '../../errors.ts'
import { grpc, grpcCodeOf } from './grpc.ts'
import type { Libraries } from './libraries.ts'
import type { TemporalServerSettings } from './options.ts'
import { whyNot } from './why-not.ts'
import { tlsOf } from './worker.ts'

/**
 * A connection to a server that answers and has the namespace. Throws `SLUSE-TEMPORAL-UNREACHABLE` and
 * `SLUSE-TEMPORAL-NAMESPACE`.
 */
export async function connect(
  { client }: Libraries,
  server: TemporalServerSettings,
  patienceMs = 10_000,
): Promise<Connection> {
  const { address, namespace } = server
  let connection: Connection | undefined
  try {
    connection = await client.Connection.connect({
      ...connectionTo(server),
      connectTimeout: patienceMs,
    })
    await connection.workflowService.describeNamespace({ namespace })
    return connection
  } catch (error) {
    // Whoever may not look at the namespace may still use it.
    if (connection && grpcCodeOf(error) !== grpc.notFound) return connection
    await connection?.close()
    if (connection) throw new SluseError('SLUSE-TEMPORAL-NAMESPACE', `(${namespace} at ${address})`)
    throw unreachable(server, (await whyNot(server)) || String((error as Error).message))
  }
}

export function unreachable({ address }: TemporalServerSettings, why: string): SluseError {
  return new SluseError('SLUSE-TEMPORAL-UNREACHABLE', `(${address}) ${why}`)
}

export function connectionTo({ address, tls, apiKey }: TemporalServerSettings): ConnectionOptions {
  return {
    address,
    // However long it was away: without this, up to two minutes.
    channelArgs: { 'grpc.max_reconnect_backoff_ms': 3000 },
    ...(tls && { tls: tlsOf(tls) }),
    ...(apiKey !== undefined && { apiKey }),
  }
}
