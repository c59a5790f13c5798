import { Connection, type TLSConfig } from '@temporalio/client'

/** Registers the namespace where it is not yet, with the shortest retention that the server allows. Rejects until it serves. */
export async function registerNamespace(address: string, namespace: string, tls?: TLSConfig): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2000, ...(tls && { tls }) })
  try {
    const day = { seconds: 86_400 as never, nanos: 0 }
    await connection.workflowService
      .registerNamespace({ namespace, workflowExecutionRetentionPeriod: day })
      .catch((error: unknown) => {
        if ((error as { code?: number }).code !== alreadyExists) throw error
      })
    // A namespace is not known to all services at once.
    await connection.workflowService.listWorkflowExecutions({ namespace })
    await connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: 'any' } })
  } finally {
    await connection.close()
  }
}

/** gRPC: `ALREADY_EXISTS`. */
const alreadyExists = 6
