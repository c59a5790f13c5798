import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultOf } from '../../../http/testing/index.ts'
import { isObject, type Json, type JsonObject } from '../../../workflow/index.ts'
import { contractSuite } from '../../testing/contract-suite.ts'
import { greet, greetInput } from '../../testing/greet.ts'
import { testProject } from '../../testing/project.ts'
import { traceIdOf } from '../../trace.ts'

const project = testProject()
const received: { path: string; headers: IncomingHttpHeaders; body: Json }[] = []
let server: Server
let origin: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as JsonObject
      received.push({ path: request.url ?? '', headers: request.headers, body })
      const send = (status: number, type: string, content: Json) =>
        response.writeHead(status, { 'content-type': type }).end(JSON.stringify(content))
      const event = (data: Json) => ({ specversion: '1.0', id: '1', source: '/s', type: 't', data })
      switch (request.url) {
        case '/json':
        case '/v1.0/invoke/greeter/method/greet':
          return send(200, 'application/json', greet(body))
        case '/problems': {
          const answer = greet(body)
          if (!isObject(answer) || answer['error'] === undefined) return send(200, 'application/json', answer)
          return send(422, 'application/problem+json', {
            title: 'Refused',
            status: 422,
            detail: answer['error'],
          })
        }
        case '/events': {
          const answer = greet(body['data'] ?? null)
          if (Array.isArray(answer)) return send(200, 'application/cloudevents-batch+json', answer.map(event))
          return send(200, 'application/cloudevents+json', event(answer))
        }
        case '/sidecar':
          if (request.headers['dapr-app-id'] !== 'greeter') return send(500, 'application/json', {})
          return send(200, 'application/json', greet(body))
        case '/statuses': {
          const status = Number(body['status'])
          return status === 204 ? response.writeHead(204).end() : send(status, 'application/json', { a: 1 })
        }
        case '/text':
          return response.writeHead(200, { 'content-type': 'text/plain' }).end('hello')
        default:
          return undefined
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  add('json', 'json')
  add('events', 'cloudevents')
  add('problems', 'json')
  add('statuses', 'json')
  add('text', 'json')
  add('silent', 'json', '', 'timeout: { after: { milliseconds: 300 } }\n')
  add('sidecar', 'json', ', headers: { dapr-app-id: greeter, dapr-api-token: "${ $secrets.token }" }')
})
afterAll(async () => {
  await project.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function add(name: string, protocol: string, more = '', rest = ''): void {
  project.add(name, {
    'function.yaml': `${greetInput}call: http\nwith: { method: post, endpoint: '${origin}/${name}', body: '\${ . }'${more} }\nmetadata: { protocol: ${protocol}, pool: 4 }\n${rest}`,
  })
}

describe('a service that speaks JSON', () => contractSuite((records) => project.call('json', records)))

describe('a service that answers a refusal with problem details', () => {
  contractSuite((records) => project.call('problems', records))
})

describe('a service that speaks CloudEvents', () =>
  contractSuite((records) => project.call('events', records)))

describe('an application behind a Dapr sidecar', () => {
  const context = { secrets: { token: 'sidecar-token' } }
  contractSuite((records) => project.call('sidecar', records, context))

  test('is named by a header, and the sidecar is shown its token', async () => {
    await project.call('sidecar', [{ name: 'Bo' }], context)
    expect(received.at(-1)?.headers).toMatchObject({
      'dapr-app-id': 'greeter',
      'dapr-api-token': 'sidecar-token',
    })
  })
})

test('each request carries the trace of its run, and a key by which a repetition is known', async () => {
  received.length = 0
  for (const runId of ['a', 'a', 'b']) await project.call('json', [{ name: 'Bo' }], { runId })
  const [first, again, other] = received.map(({ headers }) => headers)
  expect(first).toMatchObject({
    traceparent: expect.stringMatching(`^00-${traceIdOf('a')}-[0-9a-f]{16}-01$`),
  })
  expect(again?.['idempotency-key']).toBe(first?.['idempotency-key'])
  expect(other?.['idempotency-key']).not.toBe(first?.['idempotency-key'])
})

test('an event carries the trace, too', async () => {
  await project.call('events', [{ name: 'Bo' }], { runId: 'e' })
  expect(received.at(-1)?.body).toMatchObject({
    specversion: '1.0',
    traceparent: expect.stringContaining(traceIdOf('e')),
    data: { name: 'Bo' },
  })
})

test('no content is no record', async () => {
  expect(await project.call('statuses', [{ status: 204 }])).toEqual([{ records: [] }])
})

test('a status that is about the record is its refusal, and the rest goes on', async () => {
  const outcomes = await project.call('statuses', [{ status: 500 }, { status: 200 }, { status: 409 }])
  expect(outcomes).toMatchObject([
    { refused: { status: 500 } },
    { records: [{ a: 1 }] },
    { refused: { status: 409 } },
  ])
})

test.each([401, 404, 429, 503])('a status %i is of the service: no record is to blame', async (status) => {
  expect(await faultOf(project.call('statuses', [{ status }, { status: 200 }]))).toMatchObject({ status })
})

test('what is not JSON is a failure on that record', async () => {
  expect(await project.call('text', [{}])).toMatchObject([
    { refused: { detail: expect.stringContaining('not JSON') } },
  ])
})

test('a service that does not answer in its time is a timeout of that record', async () => {
  expect(await project.call('silent', [{ n: 1 }])).toMatchObject([{ refused: { status: 408 } }])
})

test('a service that is not there is a fault of the call', async () => {
  project.add('gone', {
    'function.yaml': `call: http\nwith: { method: post, endpoint: 'http://127.0.0.1:9/' }\nmetadata: { protocol: json }\n`,
  })
  expect(await faultOf(project.call('gone', [{}]))).toMatchObject({
    type: expect.stringMatching(/communication$/),
  })
})
