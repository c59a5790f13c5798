import { createHmac } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve, type TestServer as HttpServer } from '../http/testing/index.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

const component = (
  name: string,
  metadata: { [key: string]: string },
  secrets: { [key: string]: string } = {},
) => ({
  [`connections/${name}.yaml`]: JSON.stringify({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: {
      type: 'bindings.webhook',
      version: 'v1',
      metadata: [
        ...Object.entries(metadata).map(([key, value]) => ({ name: key, value })),
        ...Object.entries(secrets).map(([key, secret]) => ({ name: key, secretKeyRef: { name: secret } })),
      ],
    },
  }),
})

let server: TestServer
let issuer: HttpServer
let privateKey: CryptoKey
beforeAll(async () => {
  const keys = await generateKeyPair('ES256')
  privateKey = keys.privateKey
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }
  issuer = await serve((request, response) => {
    const found = request.path.startsWith('/.well-known')
      ? { issuer: issuer.origin, jwks_uri: `${issuer.origin}/jwks` }
      : { keys: [jwk] }
    response.end(JSON.stringify(found))
  })
  const files = {
    'pipelines/take.yaml': `document: { dsl: '1.0.3', namespace: test, name: take, version: '1.0.0' }
schedule: { on: { one: { with: { type: dk.sluse.received.v1 } } } }
do:
  - keep: { set: { got: '\${ .[0].data }' } }
`,
    ...component('keyed', { csvDelimiter: ';', xmlElement: 'r', maxBytes: '1MB' }, { apiKey: 'pushKey' }),
    ...component(
      'signed',
      { signatureHeader: 'Signature-Header', signatureEncoding: 'base64', eventId: '.Payload.SystemUuid' },
      { signatureSecret: 'pushKey' },
    ),
    ...component('github', {}, { signatureSecret: 'pushKey' }),
    ...component('token', { oidcIssuer: issuer.origin, oidcAudience: 'andeby' }),
    ...component('open', {}),
  }
  server = await openServer(files, { environment: { SLUSE_SECRET_PUSH_KEY: 'test-key' } })
})
afterAll(async () => {
  await server?.close()
  await issuer?.close()
})

const push = async (
  name: string,
  body: string | Uint8Array<ArrayBuffer> | FormData,
  headers: { [name: string]: string } = {},
): Promise<{ status: number; json: { [name: string]: unknown } }> => {
  const response = await fetch(`${server.url}/in/${name}`, { method: 'POST', body, headers })
  return { status: response.status, json: (await response.json()) as { [name: string]: unknown } }
}
const key = { 'x-api-key': 'test-key' }

describe('what is pushed', () => {
  test.each([
    ['a JSON object', '{"a":1}', 'application/json', 1],
    ['a list', '[{"a":1},{"a":2}]', 'application/json', 2],
    ['lines', '{"a":1}\n{"a":2}\n{broken\n', 'application/x-ndjson', 2],
    ['CSV', 'a;b\n1;2\n3;4\n', 'text/csv', 2],
    ['XML', '<x><r>1</r><r>2</r></x>', 'application/xml', 2],
  ])('as %s is taken, and its records are counted', async (_what, body, type, records) => {
    const { status, json } = await push('keyed', body, { ...key, 'content-type': type })
    expect([status, json.records, json.bad]).toEqual([202, records, type.includes('ndjson') ? 1 : 0])
    expect(json.dataset).toBeTruthy()
  })

  test('as files is taken file by file, and nothing is left lying about', async () => {
    const form = new FormData()
    form.append('a', new Blob(['a;b\n1;2\n'], { type: 'text/csv' }), '../../uge 1.csv')
    form.append('b', new Blob(['{"a":1}\n'], { type: 'application/octet-stream' }), 'b.ndjson')
    const { status, json } = await push('keyed', form, key)
    expect([status, json.records]).toEqual([202, 2])
    expect(readdirSync(join(server.app.settings.data, 'incoming'))).toEqual([])
  })

  test('twice with one key is taken once', async () => {
    const headers = { ...key, 'content-type': 'application/json', 'idempotency-key': 'once' }
    const first = await push('keyed', '{"a":1}', headers)
    const second = await push('keyed', '{"a":1}', headers)
    expect([first.json.duplicate, second.json.duplicate]).toEqual([false, true])
    expect(second.json.dataset).toBe(first.json.dataset)
  })

  test.each([
    ['is too large', 'x'.repeat(1_100_000), 'application/json', 413],
    ['is not what it says', '{"a":', 'application/json', 400],
    ['is a bomb', '<!DOCTYPE x [<!ENTITY a "b">]><x><r>&a;</r></x>', 'application/xml', 400],
    ['is multipart without a file', '--x--\r\n', 'multipart/form-data; boundary=x', 400],
    ['is multipart without a boundary', 'x', 'multipart/form-data', 400],
  ])('and %s is refused', async (_what, body, type, expected) => {
    const { status } = await push('keyed', body, { ...key, 'content-type': type })
    expect(status).toBe(expected)
  })
})

describe('a sender', () => {
  const json = { 'content-type': 'application/json' }
  const body =
    '{"Payload":{"SystemUuid":"00000000-0000-4000-8000-000000000008","SystemName":"\\u00C6-journal"}}'

  test.each<[string, string, { [name: string]: string }]>([
    ['without a key', 'keyed', {}],
    ['with another key', 'keyed', { 'x-api-key': 'test-kex' }],
    ['without a signature', 'signed', {}],
    [
      'with the signature of another body',
      'signed',
      { 'signature-header': 'gW/yEO3B00VrZ+PjHga7Y/s7sg3YuxqYczgzltl9IQ8=' },
    ],
    ['without a token', 'token', {}],
    [
      'with a token that nobody signed',
      'token',
      { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' },
    ],
  ])('%s is not known', async (_what, name, headers) => {
    const { status } = await push(name, body, { ...json, ...headers })
    expect(status).toBe(401)
  })

  test('signs the raw body, and its own id tells a repetition', async () => {
    const headers = { ...json, 'signature-header': 'fW/yEO3B00VrZ+PjHga7Y/s7sg3YuxqYczgzltl9IQ8=' }
    const first = await push('signed', body, headers)
    expect([first.status, first.json.records, first.json.duplicate]).toEqual([202, 1, false])
    expect((await push('signed', body, headers)).json.duplicate).toBe(true)
  })

  test('may sign as others do, in hex with the name of the hash before it', async () => {
    const signature = createHmac('sha256', 'test-key').update(body).digest('hex')
    const { status } = await push('github', body, { ...json, 'x-hub-signature-256': `sha256=${signature}` })
    expect(status).toBe(202)
  })

  test('shows a token of its issuer, for us, that has not expired', async () => {
    const token = (audience: string, expires: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer(issuer.origin)
        .setAudience(audience)
        .setExpirationTime(expires)
        .sign(privateKey)
    const status = async (given: string) =>
      (await push('token', body, { ...json, authorization: `Bearer ${given}` })).status
    expect(await status(await token('andeby', '5m'))).toBe(202)
    expect(await status(await token('another', '5m'))).toBe(401)
    expect(await status(await token('andeby', '-5m'))).toBe(401)
  })

  test('finds no connection that takes from anybody, or is not there', async () => {
    expect((await push('open', body, json)).status).toBe(503)
    expect((await push('none', body, json)).status).toBe(404)
  })
})
