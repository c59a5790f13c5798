import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate authority for one test run: nothing trusts it but who is given `certificate`. */
export interface TestAuthority {
  /** PEM. */
  readonly certificate: string
  /** A server's (or client's) certificate for these host names and addresses, PEM. */
  issue(...names: string[]): { certificate: string; key: string }
}

/** X.509 v3 (RFC 5280), ECDSA P-256 with SHA-256: just what TLS servers of a test need. */
export function createTestAuthority(commonName = 'Test authority, trusted by tests alone'): TestAuthority {
  const own = newKey()
  const subject = distinguishedName(commonName)
  const certificate = certify({
    subject,
    issuer: subject,
    publicKey: own.publicKey,
    signer: own.privateKey,
    extensions: [
      extension([2, 5, 29, 19], der(0x30, boolean(true)), true), // basicConstraints: is an authority
      extension([2, 5, 29, 15], der(0x03, Buffer.from([1, 0x06])), true), // keyUsage: signs certificates, lists
    ],
  })
  return {
    certificate,
    issue(...names) {
      const key = newKey()
      const leaf = certify({
        subject: distinguishedName(names[0] ?? 'localhost'),
        issuer: subject,
        publicKey: key.publicKey,
        signer: own.privateKey,
        extensions: [
          extension([2, 5, 29, 19], der(0x30), true),
          extension([2, 5, 29, 17], der(0x30, ...names.map(alternativeName))),
        ],
      })
      return { certificate: leaf, key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
    },
  }
}

interface CertificateParts {
  subject: Buffer
  issuer: Buffer
  publicKey: KeyObject
  signer: KeyObject
  extensions: Buffer[]
}

function certify({ subject, issuer, publicKey, signer, extensions }: CertificateParts): string {
  const algorithm = der(0x30, objectId([1, 2, 840, 10045, 4, 3, 2])) // ecdsa-with-SHA256
  const day = 86_400_000
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])), // serial number
    algorithm,
    issuer,
    der(0x30, utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + 30 * day))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensions)),
  )
  const signature = sign('sha256', body, signer)
  const whole = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature))
  return new X509Certificate(whole).toString()
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey, privateKey: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })) }
}

/** One tag-length-value of DER (X.690). */
function der(tag: number, ...content: Buffer[]): Buffer {
  const value = Buffer.concat(content)
  const length = value.length
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), value])
}

function objectId([first = 0, second = 0, ...rest]: number[]): Buffer {
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const septets = [part & 0x7f]
    for (let left = part >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80)
    bytes.push(...septets)
  }
  return der(0x06, Buffer.from(bytes))
}

const boolean = (value: boolean) => der(0x01, Buffer.from([value ? 0xff : 0]))

const distinguishedName = (commonName: string) =>
  der(0x30, der(0x31, der(0x30, objectId([2, 5, 4, 3]), der(0x0c, Buffer.from(commonName)))))

const utcTime = (time: Date) =>
  der(0x17, Buffer.from(`${time.toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`))

const extension = (id: number[], value: Buffer, critical = false) =>
  der(0x30, objectId(id), ...(critical ? [boolean(true)] : []), der(0x04, value))

/** dNSName, or iPAddress for an IPv4 address. */
const alternativeName = (name: string) =>
  isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name))
