import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createTestAuthority, openInternet } from '../../test/servers/internet/index.ts'
import { createHttpClient, type HttpSettings } from './index.ts'
import { faultOf, noAccess, serve } from './testing/index.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const get = async (uri: string, settings: HttpSettings) => {
  const client = createHttpClient({ environment: {}, ...settings })
  closing.push(() => client.close())
  const answer = await client.send({ method: 'GET', uri }, noAccess())
  return Buffer.from(answer.body).toString()
}

describe('TLS', () => {
  const authority = createTestAuthority()
  const stranger = createTestAuthority('A stranger')

  /** Says who the client is by its certificate; refuses those without one that `authority` signed. */
  async function tlsServer(clients: 'asked' | 'anonymous', signer = authority, name = '127.0.0.1') {
    const { certificate, key } = signer.issue(name)
    const mutual = clients === 'asked' && {
      requestCert: true,
      rejectUnauthorized: true,
      ca: authority.certificate,
    }
    const server = createServer({ cert: certificate, key, ...mutual }, (request, response) => {
      response.end(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    closing.push(() => new Promise((done) => (server.closeAllConnections(), server.close(done))))
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }
  const trusted = { trustedAuthorities: [authority.certificate] }
  const own = authority.issue('sluse-client')

  test('takes a server that a trusted authority vouches for', async () => {
    expect(await get(await tlsServer('anonymous'), trusted)).toBe('nobody')
  })

  test('refuses a server that nobody vouches for', async () => {
    const problem = await faultOf(get(await tlsServer('anonymous', stranger), trusted))
    expect(problem.type).toMatch(/communication$/)
    expect(problem['cause']).toMatch(/SELF_SIGNED|UNABLE_TO/)
  })

  test('refuses a certificate that is for another name', async () => {
    const problem = await faultOf(get(await tlsServer('anonymous', authority, 'other.example'), trusted))
    expect(problem['cause']).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  test('shows the client certificate that is configured for the host, and only there', async () => {
    const uri = await tlsServer('asked')
    const certificate = { certificate: own.certificate, key: own.key }
    expect(await get(uri, { ...trusted, clientCertificates: [{ host: '127.0.0.1', ...certificate }] })).toBe(
      'sluse-client',
    )
    const elsewhere = { ...trusted, clientCertificates: [{ host: '*.example.dk', ...certificate }] }
    expect((await faultOf(get(uri, elsewhere))).type).toMatch(/communication$/)
  })
})

describe('a proxy of the environment', () => {
  const open = async () => {
    const internet = await openInternet({ 'api.example': ({ path }) => ({ body: `at ${path}` }) })
    closing.push(() => internet.close())
    return { internet, settings: { environment: internet.environment } }
  }

  test.each(['http', 'https'])('carries %s calls', async (scheme) => {
    const { settings } = await open()
    expect(await get(`${scheme}://api.example/x`, settings)).toBe('at /x')
  })

  test('is left out for hosts of NO_PROXY', async () => {
    const { internet } = await open()
    const server = await serve((_request, response) => void response.end('direct'))
    closing.push(server.close)
    const environment = { ...internet.environment, NO_PROXY: '127.0.0.1' }
    expect(await get(server.origin, { environment })).toBe('direct')
    expect(internet.requests).toEqual([])
  })

  test('that cannot reach the host is a communication fault', async () => {
    const { settings } = await open()
    expect((await faultOf(get('https://nowhere.example/', settings))).type).toMatch(/communication$/)
  })

  test('does not lead round the rules for hosts', async () => {
    const { settings, internet } = await open()
    const denied = { ...settings, deniedHosts: ['api.example'] }
    expect((await faultOf(get('https://api.example/x', denied))).type).toMatch(/authorization$/)
    const isPrivate = { ...settings, denyPrivateAddresses: true }
    expect((await faultOf(get('http://127.0.0.1/x', isPrivate))).type).toMatch(/authorization$/)
    expect(internet.requests).toEqual([])
    expect(await get('https://api.example/x', isPrivate)).toBe('at /x')
  })
})
