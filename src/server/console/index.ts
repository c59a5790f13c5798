import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Asset, Assets } from './assets.ts'

export { readAssets } from './assets.ts'

/** Serves the web console: its files, and its one page for every address that is a page of it. */
export function serveConsole(server: FastifyInstance, assets: Assets): void {
  for (const [path, asset] of assets) {
    const paths = path === '/index.html' ? ['/'] : [path]
    for (const each of paths) {
      server.get(
        each,
        { config: { access: { public: true } }, schema: { hide: true } },
        async (request, reply) => send(asset, request, reply),
      )
    }
  }
}

/**
 * The console's page where a person's browser asks for an address that the server does not know: the console has
 * addresses of its own, and says itself which ones it does not know. `undefined` for everybody else.
 */
export function pageFor(assets: Assets, request: FastifyRequest): Asset | undefined {
  const { method, headers, url } = request
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (!(headers.accept ?? '').includes('text/html') || /^\/(?:api|assets|in|events)\b/.test(url))
    return undefined
  return assets.get('/index.html')
}

export function send(asset: Asset, request: FastifyRequest, reply: FastifyReply) {
  void reply.headers({
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: asset.etag,
    vary: 'accept-encoding',
  })
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
  void reply.type(asset.type)
  const accepted = request.headers['accept-encoding'] ?? ''
  for (const [encoding, body] of [
    ['br', asset.brotli],
    ['gzip', asset.gzip],
  ] as const) {
    if (body && new RegExp(`\\b${encoding}\\b`).test(String(accepted))) {
      return reply.header('content-encoding', encoding).send(body)
    }
  }
  return reply.send(asset.body)
}

/**
 * Nothing inline and nothing from elsewhere; and no text becomes markup or an address of code (trusted types), but by
 * the one policy with which the console starts its worker.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types sluse',
].join('; ')
