import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, createServer as createTlsServer, type SecureContext } from 'node:tls'
import { createTestAuthority } from './certificates.ts'
import { type Host, type HostRequest, hostServer } from './host.ts'

/** Hosts of the world, on loopback. Nothing that goes through the proxy ever leaves this machine. */
export interface Internet {
  /** For the program under test: `HTTP_PROXY`, `HTTPS_PROXY`, `NODE_EXTRA_CA_CERTS`. */
  readonly environment: { readonly [name: string]: string }
  /** PEM of the authority that signed every host's certificate. */
  readonly authority: string
  /** What the hosts were asked, in order; every scheme and host. */
  readonly requests: HostRequest[]
  /** Puts a host up, or another behaviour in its place, and removes it with `undefined`. */
  host(name: string, host: Host | undefined): void
  close(): Promise<void>
}

/**
 * Opens a proxy on loopback behind which the named hosts exist, over HTTP and over TLS alike, so that a
 * definition that calls `https://petstore.swagger.io` runs from its unaltered text. Any other name is answered
 * as a proxy does where a name does not resolve: with 502.
 */
export async function openInternet(
  hosts: { [name: string]: Host } = {},
  requests: HostRequest[] = [],
): Promise<Internet> {
  const known = new Map(Object.entries(hosts))
  const folder = mkdtempSync(join(tmpdir(), 'internet-'))
  const authority = createTestAuthority()
  const authorityFile = join(folder, 'authority.pem')
  writeFileSync(authorityFile, authority.certificate)

  const web = hostServer(async (asked) => {
    requests.push(asked)
    return known.get(asked.host)?.(asked)
  })
  const contexts = new Map<string, SecureContext>()
  const secure = createTlsServer(
    {
      SNICallback: (name, done) => {
        const context = contexts.get(name) ?? contextFor(name)
        contexts.set(name, context)
        done(null, context)
      },
    },
    (socket) => web.emit('connection', socket),
  )
  const contextFor = (name: string): SecureContext => {
    const { certificate, key } = authority.issue(name)
    return createSecureContext({ cert: certificate, key })
  }

  const sockets = new Set<Socket>()
  for (const server of [web, secure]) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => socket.destroy())
    })
  }
  const webPort = await listen(web)
  const securePort = await listen(secure)
  const proxy = createProxy(known, (port) => (port === 443 ? securePort : webPort), webPort, sockets)
  const proxyAddress = `http://127.0.0.1:${await listen(proxy)}`

  return {
    environment: {
      HTTP_PROXY: proxyAddress,
      HTTPS_PROXY: proxyAddress,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: authorityFile,
    },
    authority: authority.certificate,
    requests,
    host: (name, host) => void (host ? known.set(name, host) : known.delete(name)),
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all([web, secure, proxy].map((server) => new Promise((done) => server.close(done))))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A forward proxy (RFC 9110, section 7.3.2; CONNECT of 9.3.6) whose name service is `known`. */
function createProxy(
  known: ReadonlyMap<string, Host>,
  portFor: (asked: number) => number,
  webPort: number,
  sockets: Set<Socket>,
): Server {
  const proxy = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://invalid')
    if (!known.has(url.hostname)) return void outgoing.writeHead(502).end(`Unknown host ${url.hostname}`)
    const { method, headers } = incoming
    const path = url.pathname + url.search
    const onward = request({
      port: webPort,
      host: '127.0.0.1',
      path,
      method,
      headers: { ...headers, host: url.host },
    })
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  proxy.on('connect', (incoming, client: Socket, head: Buffer) => {
    sockets.add(client)
    client.on('close', () => sockets.delete(client))
    client.on('error', () => client.destroy())
    const [name = '', port] = (incoming.url ?? '').split(':')
    if (!known.has(name)) return void client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    const onward = connect(portFor(Number(port)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      onward.write(head)
      client.pipe(onward).pipe(client)
    })
    onward.on('error', () => client.destroy())
    client.on('close', () => onward.destroy())
  })
  proxy.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  return proxy
}

async function listen(server: {
  listen(port: number, host: string, done: () => void): unknown
  address(): unknown
}) {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}
