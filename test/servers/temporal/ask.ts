import { Client, Connection } from '@temporalio/client'

interface Server {
  readonly address: string
  readonly namespace: string
}

/** Asks a Temporal server itself, over a connection of its own. */
export async function askTemporal<T>(
  { address, namespace }: Server,
  ask: (client: Client) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address })
  try {
    return await ask(new Client({ connection, namespace }))
  } finally {
    await connection.close()
  }
}

/** Ids of the workflows that the query finds, sorted; of one that began anew, each time. What Temporal lists may be late. */
export function listWorkflows(server: Server, query: string): Promise<string[]> {
  return askTemporal(server, async ({ workflow }) => {
    const ids: string[] = []
    for await (const { workflowId } of workflow.list({ query })) ids.push(workflowId)
    return ids.sort()
  })
}
