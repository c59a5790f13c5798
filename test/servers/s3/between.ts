import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What becomes of a request: `refuse` ends its connection, `hang` never answers it, `cut` ends the connection in the
 * middle of the answer's body, `lose` after the storage has done it; a number is answered in the storage's place.
 */
export type Fate = 'pass' | 'refuse' | 'hang' | 'cut' | 'lose' | number

export interface Between {
  /** In the place of the storage's endpoint. */
  readonly url: string
  /** Asked of every request; they all pass where it is not set. */
  fate: (method: string, path: string) => Fate
  readonly requests: { readonly method: string; readonly path: string }[]
  close(): Promise<void>
}

/** Stands between a client and an S3 server, and does to requests what a network does. */
export async function openBetween(endpoint: string): Promise<Between> {
  const { hostname, port } = new URL(endpoint)
  const pass = (request: IncomingMessage, response: ServerResponse, fate: Fate) => {
    const { method, url: path, headers } = request
    const onward = send({ hostname, port, method, path, headers }, (answer) => {
      if (fate === 'lose') return void response.destroy()
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      if (fate !== 'cut') return void answer.pipe(response)
      answer.once('data', (chunk: Buffer) => {
        response.write(chunk.subarray(0, chunk.length >> 1), () => response.destroy())
        answer.destroy()
      })
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  }
  const server = createServer((request, response) => {
    const { method = '', url: path = '' } = request
    between.requests.push({ method, path })
    const fate = between.fate(method, path)
    if (fate === 'refuse') response.destroy()
    else if (typeof fate === 'number') {
      request.resume()
      response.writeHead(fate, { 'content-type': 'application/xml' }).end('<Error><Code>Asked</Code></Error>')
    } else if (fate !== 'hang') pass(request, response, fate)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const between: Between = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fate: () => 'pass',
    requests: [],
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  return between
}
