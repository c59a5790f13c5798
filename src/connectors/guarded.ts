import type { HttpClient } from '../http/index.ts'
import { asFault, isRepeatable, type Guard, type Target } from '../resilience/index.ts'
import type { ConnectorHost } from './connector.ts'
import type { ConnectionDeclaration } from './declaration.ts'

/** What is done on a connection's system, under the policies that name the connection. */
export function guardedBy(
  guard: Guard | undefined,
  { name, kind, type }: Pick<ConnectionDeclaration, 'name' | 'kind' | 'type'>,
  http: HttpClient,
): Pick<ConnectorHost, 'http' | 'guarded'> {
  // Dapr's Resiliency names an HTTPEndpoint among the apps, by its name.
  const target: Target =
    kind === 'HTTPEndpoint'
      ? { kind: 'app', name }
      : {
          kind: 'component',
          name,
          direction: 'outbound',
          block: blocks[type.split('.', 1)[0] ?? ''] ?? 'binding',
        }

  const guarded: ConnectorHost['guarded'] = async (operation, { repeatable, signal }) => {
    if (!guard) return operation(signal)
    try {
      return await guard.run(target, { repeatable: () => repeatable, signal, attempt: 0 }, operation)
    } catch (error) {
      throw asFault(error, name)
    }
  }
  return {
    guarded,
    http: {
      send: (request, access) =>
        guarded((signal) => http.send(request, { ...access, signal }), {
          repeatable: isRepeatable(request),
          signal: access.signal,
        }),
      authorize: (policy, access, of) => http.authorize(policy, access, of),
      close: async () => {},
    },
  }
}

const blocks: { readonly [family: string]: string } = { pubsub: 'pubsub', state: 'statestore' }
