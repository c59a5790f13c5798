/** An agent on loopback, by the Agent2Agent protocol's own library; the transport is the published JSON-RPC over HTTP. */
import type { AgentCard, Message, Task } from '@a2a-js/sdk'
import {
  DefaultRequestHandler,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server'
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RunningAgent {
  readonly origin: string
  readonly card: AgentCard & { [member: string]: unknown }
  readonly requests: { url: string; headers: IncomingHttpHeaders; body: string }[]
  close(): Promise<void>
}

export async function startAgent(): Promise<RunningAgent> {
  const requests: RunningAgent['requests'] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      requests.push({ url: request.url ?? '', headers: request.headers, body })
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(card))
        return
      }
      void (async () => {
        const answer = await handler.handle(JSON.parse(body))
        if (!(Symbol.asyncIterator in answer)) {
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
          return
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const write = (each: unknown) =>
          response.write(`id: ${Date.now()}\ndata: ${JSON.stringify(each)}\n\n`)
        try {
          for await (const each of answer) write(each)
        } catch (error) {
          // As the library's own binding does: the stream has begun, so the refusal is an event of it.
          const { code = -32603, message } = error as { code?: number; message: string }
          write({ jsonrpc: '2.0', id: (JSON.parse(body) as { id: number }).id, error: { code, message } })
        }
        response.end()
      })().catch((error: unknown) => response.destroy(error as Error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const card: RunningAgent['card'] = {
    name: 'Echo',
    description: 'Says what it is told',
    version: '1.0.0',
    protocolVersion: '0.3.0',
    url: `${origin}/rpc`,
    preferredTransport: 'JSONRPC',
    capabilities: { streaming: true, pushNotifications: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    supportsAuthenticatedExtendedCard: true,
  }
  const handler = new JsonRpcTransportHandler(
    new DefaultRequestHandler(card, new InMemoryTaskStore(), echo, undefined, undefined, undefined, card),
  )
  return {
    origin,
    card,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** `message: text` is answered with a message; `slow` never ends; anything else is a task with two updates. */
const echo: AgentExecutor = {
  async execute({ userMessage, taskId, contextId, task }: RequestContext, bus: ExecutionEventBus) {
    const [part] = userMessage.parts
    const text = part?.kind === 'text' ? part.text : ''
    if (text.startsWith('message:')) {
      const message: Message = {
        kind: 'message',
        messageId: randomUUID(),
        role: 'agent',
        contextId,
        parts: [{ kind: 'text', text: `${text} (${userMessage.role})` }],
      }
      bus.publish(message)
      return bus.finished()
    }
    const started: Task = {
      kind: 'task',
      id: taskId,
      contextId,
      status: { state: 'submitted' },
      history: [userMessage],
    }
    if (!task) bus.publish(started)
    const update = (state: 'working' | 'completed', final: boolean) =>
      bus.publish({ kind: 'status-update', taskId, contextId, final, status: { state } })
    update('working', false)
    if (text === 'slow') return
    bus.publish({
      kind: 'artifact-update',
      taskId,
      contextId,
      artifact: { artifactId: 'echo', parts: [{ kind: 'text', text }] },
    })
    update('completed', true)
    bus.finished()
  },
  async cancelTask(taskId: string, bus: ExecutionEventBus) {
    bus.publish({ kind: 'status-update', taskId, contextId: 'c', final: true, status: { state: 'canceled' } })
    bus.finished()
  },
}
