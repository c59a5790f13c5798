import { createHash, randomBytes } from 'node:crypto'
import type { AskedRequest, Authenticator } from './authenticator.ts'
import { type Challenge, readChallenges } from './challenges.ts'
import { recent } from './recent.ts'

/** What a server's challenge asks for, and how often its nonce was used. */
interface Session {
  realm: string
  nonce: string
  opaque: string | undefined
  algorithm: string
  hash: string
  sessionVariant: boolean
  qop: 'auth' | 'auth-int' | undefined
  userhash: boolean
  cnonce: string
  count: number
}

/**
 * Digest access authentication (RFC 7616; without `qop` as in RFC 2069). A nonce is used again, counting, until
 * the server finds it stale, so that only the first request to an origin is sent twice.
 */
export function createDigest(): (username: string, password: string, key: string) => Authenticator {
  const sessions = recent<Session>(1000)

  return (username, password, key) => ({
    async perform(asked, send) {
      const place = `${key} ${asked.url.origin}`
      let session = sessions.get(place)
      let answer = await send(session ? { authorization: answerTo(session, username, password, asked) } : {})
      // Twice: the first challenge, then at most one more where the server says that its nonce is stale already.
      for (let round = 0; round < 2 && answer.status === 401; round += 1) {
        const challenge = bestChallenge(answer.headers['www-authenticate'] ?? '')
        if (!challenge) break
        const stale = challenge.parameters['stale']?.toLowerCase() === 'true'
        if ((session || round > 0) && !stale && session?.nonce === challenge.parameters['nonce']) break
        if (round > 0 && !stale) break
        session = sessionOf(challenge)
        sessions.set(place, session)
        answer = await send({ authorization: answerTo(session, username, password, asked) })
      }
      if (answer.status === 401) sessions.delete(place)
      const nextNonce = /(?:^|[\s,])nextnonce="([^"]+)"/i.exec(
        answer.headers['authentication-info'] ?? '',
      )?.[1]
      if (nextNonce && session) sessions.set(place, { ...session, nonce: nextNonce, count: 0 })
      return answer
    },
    // The rest of the parameter answers a challenge, which only a request to the service itself brings.
    authorize: () => Promise.resolve({ scheme: 'Digest', parameter: `username=${quoted(username)}` }),
    secrets: () => [password],
  })
}

const hashes: { readonly [algorithm: string]: string } = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
}

/** The first that can be met: a server lists the ones that it likes best first (RFC 7616, section 3.7). */
function bestChallenge(header: string): Challenge | undefined {
  return readChallenges(header).find(({ scheme, parameters }) => {
    if (scheme !== 'digest' || !parameters['nonce'] || parameters['realm'] === undefined) return false
    const algorithm = (parameters['algorithm'] ?? 'MD5').toUpperCase().replace(/-SESS$/, '')
    const qop = parameters['qop']
    return hashes[algorithm] !== undefined && (qop === undefined || chosenQop(qop) !== undefined)
  })
}

function sessionOf({ parameters }: Challenge): Session {
  const algorithm = parameters['algorithm'] ?? 'MD5'
  return {
    realm: parameters['realm'] ?? '',
    nonce: parameters['nonce'] ?? '',
    opaque: parameters['opaque'],
    algorithm,
    hash: hashes[algorithm.toUpperCase().replace(/-SESS$/, '')] ?? 'md5',
    sessionVariant: /-sess$/i.test(algorithm),
    qop: chosenQop(parameters['qop'] ?? ''),
    userhash: parameters['userhash']?.toLowerCase() === 'true',
    cnonce: randomBytes(16).toString('hex'),
    count: 0,
  }
}

function chosenQop(offered: string): 'auth' | 'auth-int' | undefined {
  const options = offered.split(',').map((option) => option.trim().toLowerCase())
  return options.includes('auth') ? 'auth' : options.includes('auth-int') ? 'auth-int' : undefined
}

/** The header for one request; counts the nonce's use. RFC 7616, section 3.4. */
function answerTo(session: Session, username: string, password: string, asked: AskedRequest): string {
  const { realm, nonce, opaque, algorithm, qop, cnonce } = session
  const hash = (data: string | Uint8Array) => createHash(session.hash).update(data).digest('hex')
  session.count += 1
  const nc = session.count.toString(16).padStart(8, '0')
  const uri = `${asked.url.pathname}${asked.url.search}`

  const bodyHash = qop === 'auth-int' ? hash(asked.body ?? '') : undefined
  const response = digestResponse(
    { session, username, password, method: asked.method, uri, nc, bodyHash },
    hash,
  )

  return `Digest ${[
    user(session, username, hash),
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop ? [`qop=${qop}`, `nc=${nc}`] : []),
    ...(qop || session.sessionVariant ? [`cnonce="${cnonce}"`] : []),
    ...(session.userhash ? ['userhash=true'] : []),
  ].join(', ')}`
}

/** The `response` of RFC 7616, section 3.4.1. */
export function digestResponse(
  given: {
    session: Pick<Session, 'realm' | 'nonce' | 'cnonce' | 'qop' | 'sessionVariant'>
    username: string
    password: string
    method: string
    uri: string
    nc: string
    bodyHash: string | undefined
  },
  hash: (data: string) => string,
): string {
  const { session, username, password, method, uri, nc, bodyHash } = given
  const { realm, nonce, cnonce, qop, sessionVariant } = session
  const secret = hash(`${username}:${realm}:${password}`)
  const a1 = sessionVariant ? hash(`${secret}:${nonce}:${cnonce}`) : secret
  const a2 = hash(`${method}:${uri}${bodyHash === undefined ? '' : `:${bodyHash}`}`)
  return hash(qop ? `${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}` : `${a1}:${nonce}:${a2}`)
}

function user(session: Session, username: string, hash: (data: string) => string): string {
  if (session.userhash) return `username="${hash(`${username}:${session.realm}`)}"`
  // Beyond ASCII: the extended notation of RFC 5987 (RFC 7616, section 3.4).
  return /^[\x20-\x7e]*$/.test(username)
    ? `username=${quoted(username)}`
    : `username*=UTF-8''${encodeURIComponent(username).replace(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`
}

const quoted = (text: string) => `"${text.replace(/(["\\])/g, '\\$1')}"`
