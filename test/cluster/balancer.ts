import { createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Balancer = Awaited<ReturnType<typeof openBalancer>>

/** A load balancer that sends one request after the other to the next server in turn. */
export async function openBalancer() {
  const behind: string[] = []
  const sent = new Map<string, number>()
  let turn = 0
  const server = createServer((request, response) => {
    const target = behind[turn++ % behind.length] ?? ''
    sent.set(target, (sent.get(target) ?? 0) + 1)
    const headers = { ...request.headers, 'x-forwarded-for': request.socket.remoteAddress }
    const passed = ask(new URL(request.url ?? '/', target), { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Addresses of the servers. */
    behind,
    /** How many requests each was sent. */
    sent,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
