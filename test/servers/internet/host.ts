import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Json } from '../../../src/workflow/index.ts'

/** One request as a stand-in host sees it. */
export interface HostRequest {
  readonly method: string
  readonly host: string
  /** The whole address as it was asked, without fragment: `https://petstore.example/pet?q=1`. */
  readonly address: string
  /** Path without query, percent-decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: { readonly [name: string]: string | undefined }
  readonly text: string
  /** The body as JSON, `undefined` where it is none. */
  readonly json: Json | undefined
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>
}

export interface HostAnswer {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  /** An object or array goes out as JSON, a string as text. */
  readonly body?: Json | Uint8Array
}

/** What a host does: a function from request to answer. `undefined` is a 404. */
export type Host = (request: HostRequest) => HostAnswer | undefined | Promise<HostAnswer | undefined>

/** An HTTP server on which `answer` decides by the request. Where it listens is up to the caller. */
export function hostServer(answer: Host): Server {
  return createServer((incoming, outgoing) => {
    void respond(answer, incoming, outgoing)
  })
}

async function respond(answer: Host, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { status = 200, headers = {}, body } = (await answer(readRequest(incoming, chunks))) ?? notFound
    const binary = body instanceof Uint8Array
    const text = binary || body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const type = binary
      ? 'application/octet-stream'
      : typeof body === 'string'
        ? 'text/plain'
        : 'application/json'
    outgoing.writeHead(status, body === undefined ? headers : { 'content-type': type, ...headers })
    outgoing.end(text)
  } catch (error) {
    outgoing.writeHead(500, { 'content-type': 'text/plain' })
    outgoing.end(`The stand-in itself failed: ${String(error)}`)
  }
}

const notFound: HostAnswer = { status: 404, body: { message: 'not found' } }

function readRequest(incoming: IncomingMessage, chunks: Buffer[]): HostRequest {
  const host = (incoming.headers.host ?? 'localhost').replace(/:\d+$/, '')
  const url = new URL(incoming.url ?? '/', `http://${host}`)
  const text = Buffer.concat(chunks).toString('utf8')
  const headers: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value)
  return {
    method: incoming.method ?? 'GET',
    host: url.hostname,
    address: incoming.socket instanceof TLSSocket ? url.href.replace(/^http:/, 'https:') : url.href,
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    text,
    json: parse(text),
    closed: closedOf(incoming.socket),
  }
}

const closed = new WeakMap<Socket, Promise<void>>()

/** One listener for a connection, however many requests come over it. */
function closedOf(socket: Socket): Promise<void> {
  const known = closed.get(socket)
  if (known) return known
  const made = new Promise<void>((done) => socket.once('close', () => done()))
  closed.set(socket, made)
  return made
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
