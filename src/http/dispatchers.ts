import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { LookupFunction } from 'node:net'
import { type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { ClientCertificate, HttpSettings } from './client.ts'

export interface Dispatchers {
  /** The pools for this address: those with the client certificate that is configured for its host, if any. */
  for(url: URL): Dispatcher
  /** Whether calls to some hosts go through a proxy, which then resolves names itself. */
  readonly proxied: boolean
  close(): Promise<void>
}

/** Pools of kept connections per origin, through proxies where the environment says so. TLS is always verified. */
export function dispatchers(settings: HttpSettings, lookup: LookupFunction): Dispatchers {
  const environment = settings.environment ?? process.env
  const variable = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? ''
  const httpProxy = variable('HTTP_PROXY')
  const httpsProxy = variable('HTTPS_PROXY')
  const trusted = trustedAuthorities(settings.trustedAuthorities ?? [], environment)

  const create = (certificate?: ClientCertificate): Dispatcher => {
    const tls = {
      rejectUnauthorized: true,
      ...(trusted && { ca: trusted }),
      ...(certificate && { cert: certificate.certificate, key: certificate.key }),
      ...(certificate?.passphrase !== undefined && { passphrase: certificate.passphrase }),
    }
    return new EnvHttpProxyAgent({
      httpProxy,
      httpsProxy,
      noProxy: variable('NO_PROXY'),
      connections: settings.connectionsPerOrigin ?? 32,
      headersTimeout: settings.headersTimeoutMs ?? 60_000,
      bodyTimeout: settings.bodyTimeoutMs ?? 60_000,
      maxResponseSize: -1, // bounded as it is read, so that errors can be shortened instead
      connect: { ...tls, lookup, timeout: settings.connectTimeoutMs ?? 10_000 },
      requestTls: { ...tls, timeout: settings.connectTimeoutMs ?? 10_000 },
      proxyTls: { ...(trusted && { ca: trusted }), timeout: settings.connectTimeoutMs ?? 10_000 },
    })
  }

  const plain = create()
  const certified = (settings.clientCertificates ?? []).map((certificate) => ({
    matches: hostMatcher(certificate.host),
    dispatcher: create(certificate),
  }))
  return {
    for: (url) =>
      (url.protocol === 'https:' && certified.find(({ matches }) => matches(url.hostname))?.dispatcher) ||
      plain,
    proxied: httpProxy !== '' || httpsProxy !== '',
    async close() {
      // Destroy, not close: who closes the client has already let calls end, or does not want to wait for them.
      await Promise.all([plain, ...certified.map(({ dispatcher }) => dispatcher)].map((one) => one.destroy()))
    },
  }
}

export function hostMatcher(pattern: string): (host: string) => boolean {
  const wanted = pattern.toLowerCase()
  return wanted.startsWith('*.') ? (host) => host.endsWith(wanted.slice(1)) : (host) => host === wanted
}

/**
 * Node's own authorities and these. `undefined` where there are none beside Node's: then Node also reads
 * NODE_EXTRA_CA_CERTS by itself, which it does not where a list is given.
 */
export function trustedAuthorities(
  further: readonly string[],
  environment: { readonly [name: string]: string | undefined },
): string[] | undefined {
  const extra = environment['NODE_EXTRA_CA_CERTS']
  if (further.length === 0 && (!extra || extra === process.env['NODE_EXTRA_CA_CERTS'])) return undefined
  return [...rootCertificates, ...further, ...(extra ? [readFileSync(extra, 'utf8')] : [])]
}
