import type { Connection, ConnectionOptions } from '@temporalio/client'
import { hasCode, SluseError } from '../../errors.ts'
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
      ...connectionTo({ client }, server),
      connectTimeout: patienceMs,
    })
    await connection.workflowService.describeNamespace({ namespace })
    return connection
  } catch (error) {
    // Whoever may not look at the namespace may still use it.
    if (connection && grpcCodeOf(error) !== grpc.notFound) return connection
    await connection?.close()
    if (connection) throw new SluseError('SLUSE-TEMPORAL-NAMESPACE', `(${namespace} at ${address})`)
    const why = (await whyNot(server))?.why ?? `${String((error as Error).message)}.`
    throw unreachable(server, why, error)
  }
}

/**
 * Looks whether the server is there: `undefined`, or why not, where it may be in a while. What other settings alone mend
 * is thrown: `SLUSE-TEMPORAL-UNREACHABLE`.
 */
export async function knock(
  libraries: Libraries,
  server: TemporalServerSettings,
): Promise<string | undefined> {
  const obstacle = await whyNot(server)
  if (obstacle?.ours) throw unreachable(server, obstacle.why)
  if (obstacle) return obstacle.why
  try {
    await (await connect(libraries, server, firstPatienceMs)).close()
    return undefined
  } catch (error) {
    if (hasCode(error, 'SLUSE-TEMPORAL-NAMESPACE')) return `It has no namespace ${server.namespace}.`
    const { cause } = error as Error
    const refused = [grpc.unauthenticated, grpc.permissionDenied] as unknown[]
    if (refused.includes(grpcCodeOf(cause))) throw error
    return 'It accepts connections, and does not answer.'
  }
}

const firstPatienceMs = 5000

export function unreachable({ address }: TemporalServerSettings, why: string, cause?: unknown): SluseError {
  return new SluseError('SLUSE-TEMPORAL-UNREACHABLE', `(${address}) ${why}`, { cause })
}

export function connectionTo(
  { client }: Pick<Libraries, 'client'>,
  { address, tls, apiKey }: TemporalServerSettings,
): ConnectionOptions {
  return {
    address,
    // However long it was away: without this, up to two minutes.
    channelArgs: { 'grpc.max_reconnect_backoff_ms': 3000 },
    interceptors: [client.makeGrpcRetryInterceptor(client.defaultGrpcRetryOptions()), unlessClosed],
    ...(tls && { tls: tlsOf(tls) }),
    ...(apiKey !== undefined && { apiKey }),
  }
}

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number]

/**
 * The library asks again from a timer of its own. Where the connection was closed meanwhile that would throw, and nobody
 * could catch it; so that call is one that never ends: its answer is nobody's any more.
 */
const unlessClosed = ((options, nextCall) => {
  try {
    return nextCall(options)
  } catch {
    const nothing = () => {}
    const call = { start: nothing, sendMessage: nothing, sendMessageWithContext: nothing, halfClose: nothing }
    const rest = {
      startRead: nothing,
      cancelWithStatus: nothing,
      getPeer: () => '',
      getAuthContext: () => null,
    }
    return { ...call, ...rest }
  }
}) as Interceptor
