import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'

export interface TestServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly origin: string
  readonly requests: Seen[]
  readonly close: () => Promise<void>
}

export interface Seen {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** A real HTTP server on loopback; every request is read whole before `answer` is asked. */
export async function serve(
  answer: (request: Seen, response: ServerResponse) => void | Promise<void>,
  host = '127.0.0.1',
): Promise<TestServer> {
  const requests: Seen[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const seen = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      requests.push(seen)
      void Promise.resolve(answer(seen, response)).catch((error: unknown) => {
        response.writeHead(500).end(`The test's server failed: ${String(error)}`)
      })
    })
  })
  const close = await listen(server, host)
  return { origin: `http://${host}:${(server.address() as AddressInfo).port}`, requests, close }
}

/** A server that speaks bytes, for answers that no HTTP library would write. */
export async function serveBytes(onSocket: (socket: Socket) => void): Promise<TestServer> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  const close = await listen(server, '127.0.0.1')
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: [], close }
}

async function listen(server: Server, host: string): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((done) => server.listen(0, host, done))
  return async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  }
}
