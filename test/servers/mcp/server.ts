/** A Model Context Protocol server made with the protocol's own library, over HTTP on loopback. */
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CreateMessageResultSchema,
  EmptyResultSchema,
  isInitializeRequest,
} from '@modelcontextprotocol/sdk/types.js'
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

export function toolServer(): McpServer {
  const server = new McpServer({ name: 'tools', version: '1.0.0' }, { capabilities: { logging: {} } })
  server.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
    content: [{ type: 'text', text: String(a + b) }],
  }))
  server.registerTool('slow', {}, async () => {
    await new Promise(() => {})
    return { content: [] }
  })
  // Asks the client before it answers: what a client that offers nothing must survive.
  server.registerTool('ask', {}, async ({ sendRequest }) => {
    await sendRequest({ method: 'ping' }, EmptyResultSchema)
    const params = { messages: [], maxTokens: 1 }
    const answer = await sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema)
      .then(() => 'allowed')
      .catch(() => 'refused')
    return { content: [{ type: 'text', text: answer }] }
  })
  server.registerTool('fail', {}, () => {
    throw new Error('the tool failed')
  })
  server.registerPrompt('greet', { argsSchema: { name: z.string() } }, ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}` } }],
  }))
  server.registerResource('readme', 'doc://readme', {}, () => ({
    contents: [{ uri: 'doc://readme', text: 'Read me' }],
  }))
  server.registerResource(
    'page',
    new ResourceTemplate('doc://pages/{id}', { list: undefined }),
    {},
    (uri) => ({
      contents: [{ uri: uri.href, text: 'A page' }],
    }),
  )
  return server
}

export interface RunningMcp {
  readonly uri: string
  readonly requests: { method: string; headers: IncomingHttpHeaders; body: string }[]
  readonly sessions: ReadonlyMap<string, unknown>
  close(): Promise<void>
}

/** With `json` it answers with JSON, else with streams of events. */
export async function startMcp({ json = false } = {}): Promise<RunningMcp> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const requests: RunningMcp['requests'] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      requests.push({ method: request.method ?? '', headers: request.headers, body })
      void (async () => {
        const parsed: unknown = body === '' ? undefined : JSON.parse(body)
        let transport = sessions.get(String(request.headers['mcp-session-id']))
        if (!transport && isInitializeRequest(parsed)) {
          const created = new StreamableHTTPServerTransport({
            sessionIdGenerator: randomUUID,
            enableJsonResponse: json,
            onsessioninitialized: (id) => void sessions.set(id, created),
            onsessionclosed: (id) => void sessions.delete(id),
          })
          await toolServer().connect(created)
          transport = created
        }
        if (transport) await transport.handleRequest(request, response, parsed)
        else response.writeHead(404).end('no such session')
      })()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    sessions,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
