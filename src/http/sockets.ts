import { isIP, type LookupFunction } from 'node:net'
import type { HttpSettings } from './client.ts'
import { hostMatcher, trustedAuthorities } from './dispatchers.ts'
import { targetRules } from './target-rules.ts'

/** The rules of the outgoing client for protocols that are not HTTP: which hosts, which names, whom to trust. */
export interface SocketRules {
  /** Throws an `authorization` fault where this server may not call the host. */
  check(host: string): Promise<void>
  /** Finds addresses, without those that may not be called. For `net.connect`, `tls.connect` and `http2.connect`. */
  readonly lookup: LookupFunction
  /** What `tls.connect` takes for this host. Verification cannot be turned off. */
  tls(host: string): SocketTls
}

export interface SocketTls {
  readonly servername?: string
  readonly ca?: string[]
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly rejectUnauthorized: true
}

export function socketRules(settings: HttpSettings = {}): SocketRules {
  const rules = targetRules(settings)
  const ca = trustedAuthorities(settings.trustedAuthorities ?? [], settings.environment ?? process.env)
  return {
    async check(host) {
      const url = new URL(`http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}`)
      rules.check(url)
      await rules.checkAddresses(url)
    },
    lookup: rules.lookup,
    tls(host) {
      const own = settings.clientCertificates?.find((each) => hostMatcher(each.host)(host))
      return {
        rejectUnauthorized: true,
        ...(isIP(host) === 0 && { servername: host }),
        ...(ca && { ca }),
        ...(own && { cert: own.certificate, key: own.key }),
        ...(own?.passphrase !== undefined && { passphrase: own.passphrase }),
      }
    },
  }
}
