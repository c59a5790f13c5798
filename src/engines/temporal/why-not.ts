import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TemporalServerSettings } from './options.ts'

const patienceMs = 3000

/** Why there is no connection. */
export interface Obstacle {
  /** A sentence. */
  readonly why: string
  /** Only other settings of ours mend it: it is of no use to wait. */
  readonly ours: boolean
}

/**
 * Why no connection came about, found out by trying without the libraries, which say only that it took too long.
 * `undefined` where nothing is found.
 */
export async function whyNot({ address, tls }: TemporalServerSettings): Promise<Obstacle | undefined> {
  const place = URL.canParse(`tcp://${address}`) ? new URL(`tcp://${address}`) : undefined
  if (!place || place.port === '') return { why: 'The address is not of the form host:port.', ours: true }
  const at = { host: place.hostname.replace(/^\[|\]$/g, ''), port: Number(place.port) }
  const plain = await attempt(connectPlain(at), 'connect', false)
  if (plain !== undefined) return { why: reasons[plain] ?? `It cannot be reached (${plain}).`, ours: false }
  if (!tls) {
    const spoken = await attempt(connectTls({ ...at, rejectUnauthorized: false }), 'secureConnect', false)
    const why = 'It speaks TLS: set SLUSE_TEMPORAL_TLS, or SLUSE_TEMPORAL_CA.'
    return spoken === undefined ? { why, ours: true } : undefined
  }
  const { serverRootCACertificate: ca, clientCert: cert, clientKey: key } = tls
  const offered = { ...at, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  try {
    const found = await attempt(connectTls({ ...offered, ALPNProtocols: ['h2'] }), 'secureConnect', true)
    if (found === undefined) return undefined
    const unknown = /CERT|SIGNED|ISSUER/.test(found) ? `${untrusted} (${found})` : `TLS failed: ${found}.`
    return { why: reasons[found] ?? unknown, ours: !theirs.has(found) }
  } catch (error) {
    const why = `The certificate or its key cannot be used: ${(error as Error).message}.`
    return { why, ours: true }
  }
}

/** What goes wrong with TLS, and is mended over there: its certificate, or a server behind a proxy that is still there. */
const theirs = new Set(['CERT_HAS_EXPIRED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNREFUSED'])

/** The code of what went wrong. With `wary` it may still be refused a moment after: who is asked for a certificate is. */
function attempt(socket: Socket, event: string, wary: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (found: string | undefined) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(found)
    }
    const timer = setTimeout(() => end('ETIMEDOUT'), patienceMs)
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
    socket.once(event, () => {
      if (!wary) return end(undefined)
      // The server speaks first, of its settings: then all is well.
      socket.once('data', () => end(undefined))
      socket.once('close', () => end('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'))
      socket.resume()
    })
  })
}

const untrusted = 'Its certificate is not of an authority that is trusted: SLUSE_TEMPORAL_CA.'
const wantsCertificate =
  'It does not take our certificate: SLUSE_TEMPORAL_CERTIFICATE and SLUSE_TEMPORAL_CERTIFICATE_KEY.'

const reasons: { readonly [code: string]: string } = {
  ECONNREFUSED: 'Nothing listens there.',
  ENOTFOUND: 'There is no host of that name.',
  EAI_AGAIN: 'The name of its host cannot be looked up at present.',
  ETIMEDOUT: 'It gives no answer: is a firewall in between?',
  EPROTO: 'It does not speak TLS.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'It does not speak TLS.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'It does not speak TLS.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for other names than the one in the address.',
  CERT_HAS_EXPIRED: 'Its certificate has expired.',
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: wantsCertificate,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: wantsCertificate,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: wantsCertificate,
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': wantsCertificate,
  'ERR_SSL_TLSV1.3_ALERT_CERTIFICATE_REQUIRED': wantsCertificate,
}
