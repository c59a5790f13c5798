/**
 * An HTTP service on loopback that takes messages by `POST` and gives them by server-sent events, from the one after
 * `Last-Event-ID` on. With a token, it answers nobody else.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpHub {
  readonly port: number
  /** Published so far. */
  readonly published: { readonly body: string; readonly headers: { readonly [name: string]: unknown } }[]
  /** `Last-Event-ID` of each who came to listen; empty where there was none. */
  readonly listeners: string[]
  /** As if somebody had posted it. */
  publish(body: string): void
  /** Ends all open answers, as a proxy does now and then. */
  hangUp(): void
  close(): Promise<void>
}

export async function startHttpHub(token?: string): Promise<HttpHub> {
  const published: HttpHub['published'] = []
  const listeners: string[] = []
  const open = new Set<ServerResponse>()
  const line = (index: number) => `id: ${index + 1}\ndata: ${published[index]?.body ?? ''}\n\n`
  const server = createServer((request, response) => {
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end()
      return
    }
    if (request.method === 'GET') {
      const after = String(request.headers['last-event-id'] ?? '')
      listeners.push(after)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 10\n\n')
      // Who says nothing wants what comes from now on.
      for (
        let index = after === '' ? published.length : Number(after);
        index < published.length;
        index += 1
      ) {
        response.write(line(index))
      }
      open.add(response)
      response.on('close', () => open.delete(response))
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      publish(Buffer.concat(chunks).toString('utf8'), request.headers)
      response.writeHead(202).end()
    })
  })
  const publish = (body: string, headers: IncomingHttpHeaders = {}) => {
    published.push({ body, headers })
    for (const each of open) each.write(line(published.length - 1))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hangUp = () => {
    for (const each of open) each.end()
  }
  return {
    port: (server.address() as AddressInfo).port,
    published,
    listeners,
    publish: (body) => publish(body),
    hangUp,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
