/** A WebSocket service on loopback: what one sends, all others get. With a token, it lets nobody else in. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export interface WebsocketHub {
  readonly port: number
  /** Handshakes so far. */
  readonly handshakes: { readonly path: string; readonly headers: IncomingHttpHeaders }[]
  /** To all who are connected. */
  publish(text: string): void
  close(): Promise<void>
}

export async function startWebsocketHub(token?: string): Promise<WebsocketHub> {
  const handshakes: WebsocketHub['handshakes'] = []
  const server = createServer()
  const hub = new WebSocketServer({
    server,
    verifyClient: ({ req }: { req: { headers: IncomingHttpHeaders } }) =>
      token === undefined || req.headers.authorization === `Bearer ${token}`,
  })
  hub.on('connection', (socket, request) => {
    handshakes.push({ path: request.url ?? '', headers: request.headers })
    socket.on('message', (data, isBinary) => {
      for (const each of hub.clients) if (each !== socket) each.send(data, { binary: isBinary })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    handshakes,
    publish(text) {
      for (const each of hub.clients) each.send(text)
    },
    async close() {
      for (const each of hub.clients) each.terminate()
      hub.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
