import type { FastifyInstance } from 'fastify'
import { SluseError } from '../errors.ts'

/**
 * What a browser must not be talked into. Without sign-in, whoever may send a request may do everything; so a page
 * of another site must not be able to send one, neither directly (origin) nor by letting its own name point at
 * this machine (DNS rebinding: then the `Host` is not ours).
 */
export function guardBrowsers(server: FastifyInstance, loopbackOnly: boolean, publicUrl?: string): void {
  // Where a proxy stands before it, the browser knows it by another name than the request that the proxy makes.
  const ours = publicUrl === undefined ? undefined : new URL(publicUrl).host
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders)
    const { host = '', origin } = request.headers
    if (loopbackOnly && host.toLowerCase() !== ours && !isLoopbackHost(host))
      throw new SluseError('SLUSE-REQUEST-HOST', 'The host is not loopback.')
    if (origin !== undefined && !sameHost(origin, host) && !sameHost(origin, ours ?? host)) {
      throw new SluseError('SLUSE-REQUEST-HOST', 'The origin is another site.')
    }
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (!reads && request.headers['sec-fetch-site'] === 'cross-site') {
      throw new SluseError('SLUSE-REQUEST-HOST', 'The request comes from another site.')
    }
  })
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}

/** `localhost`, an address of 127.0.0.0/8, or `[::1]`; any port. */
function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host)
}

/** Whether an address to listen on is reached from this machine only. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(address)
}

function sameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
