import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

const files = {
  'pipelines/take.yaml': `document: { dsl: '1.0.3', namespace: test, name: take, version: '1.0.0' }
schedule: { on: { one: { with: { type: dk.test.form } } } }
do:
  - keep: { set: { got: '\${ .[0].data }' } }
`,
}

let server: TestServer
beforeAll(async () => {
  server = await openServer(files)
})
afterAll(() => server.close())

const event = (id: string, more = {}) => ({
  specversion: '1.0',
  id,
  source: '/test',
  type: 'dk.test.other',
  ...more,
})
const structured = async (body: unknown, type = 'application/cloudevents+json') =>
  server.call('POST', '/events', { body: JSON.stringify(body), headers: { 'content-type': type } })
const batch = async (body: unknown) => structured(body, 'application/cloudevents-batch+json')
const stored = async (id: string) => {
  const { json } = await server.call('GET', '/api/v1/events?limit=500')
  return json.events.find((each: { event: { id: string } }) => each.event.id === id)?.event as unknown
}
const binary = async (
  id: string,
  type: string | undefined,
  body: string | Uint8Array<ArrayBuffer>,
  headers = {},
) =>
  server.call('POST', '/events', {
    body,
    headers: {
      'ce-specversion': '1.0',
      'ce-id': id,
      'ce-source': '/test',
      'ce-type': 'dk.test.other',
      ...(type !== undefined && { 'content-type': type }),
      ...headers,
    },
  })

describe('events', () => {
  test('are taken structured, and start what is scheduled on them, once', async () => {
    const form = event('form-1', { type: 'dk.test.form', data: { name: 'Åse' } })
    const first = await structured(form)
    expect(first.status).toBe(202)
    expect(first.json).toEqual({ accepted: [{ source: '/test', id: 'form-1', duplicate: false }] })
    expect((await structured(form)).json.accepted[0].duplicate).toBe(true)
    await expect
      .poll(
        async () => (await server.call('GET', '/api/v1/runs?name=take&status=completed')).json.runs.length,
      )
      .toBe(1)
    const { runs } = (await server.call('GET', '/api/v1/runs?name=take')).json
    expect(runs).toHaveLength(1)
    expect((await server.call('GET', `/api/v1/runs/${runs[0].id}/output`)).json).toEqual({
      got: { name: 'Åse' },
    })
  })

  test('of the same identity at the same time are one event', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => structured(event('same'))))
    const fresh = answers.filter(({ json }) => !json.accepted[0].duplicate)
    expect(fresh).toHaveLength(1)
  })

  test('are taken binary, with data as its type says', async () => {
    await binary('b-json', 'application/json; charset=utf-8', '{"a":[1]}', { 'ce-customer': 'x1' })
    expect(await stored('b-json')).toEqual(
      event('b-json', {
        datacontenttype: 'application/json; charset=utf-8',
        data: { a: [1] },
        customer: 'x1',
      }),
    )
    await binary('b-suffix', 'application/vnd.kk.form+json', '[1]')
    expect(await stored('b-suffix')).toMatchObject({ data: [1] })
    await binary('b-text', 'text/csv', 'a;b\næ;ø')
    expect(await stored('b-text')).toMatchObject({ data: 'a;b\næ;ø', datacontenttype: 'text/csv' })
    await binary('b-xml', 'application/xml', '<a/>')
    expect(await stored('b-xml')).toMatchObject({ data: '<a/>' })
    await binary('b-bytes', 'application/octet-stream', Uint8Array.of(0, 255, 1))
    expect(await stored('b-bytes')).toMatchObject({ data_base64: 'AP8B' })
    const { status } = await binary('b-none', undefined, Uint8Array.of())
    expect(status).toBe(202)
    expect(await stored('b-none')).toEqual(event('b-none'))
  })

  test('have attributes percent-encoded in headers', async () => {
    await binary('b-%C3%A6', 'text/plain', 'x', { 'ce-subject': 'sag%20%F0%9F%98%80' })
    expect(await stored('b-æ')).toMatchObject({ subject: 'sag 😀' })
  })

  test('are taken in batches, whole or not at all', async () => {
    expect((await batch([event('n-1'), event('n-2')])).json.accepted).toHaveLength(2)
    expect((await batch([])).json).toEqual({ accepted: [] })
    const bad = await batch([event('n-3'), event('', {})])
    expect(bad.json).toMatchObject({ status: 400, code: 'SLUSE-EVENT-INVALID' })
    expect(bad.json.detail).toContain('Event 1')
    expect(await stored('n-3')).toBeUndefined()
  })

  test.each([
    ['no object', 7],
    ['another version', event('x', { specversion: '0.3' })],
    ['no id', { ...event('x'), id: undefined }],
    ['an empty type', event('x', { type: '' })],
    ['a source that is no reference', event('x', { source: 'a b' })],
    ['a name with capitals', event('x', { customerId: 'a' })],
    ['an extension that is an object', event('x', { customer: {} })],
    ['a time that is none', event('x', { time: 'yesterday' })],
    ['data twice', event('x', { data: 1, data_base64: 'AA==' })],
    ['base64 that is none', event('x', { data_base64: 'ÆØÅ' })],
    ['an empty subject', event('x', { subject: '' })],
  ])('with %s are refused, saying why', async (_what, body) => {
    const { status, json } = await structured(body)
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'SLUSE-EVENT-INVALID' })
    expect(json.detail).not.toBe('')
  })

  test('whose data is not what its type says are refused', async () => {
    expect((await binary('x', 'application/json', '{')).status).toBe(400)
    expect((await binary('x', 'text/plain', Uint8Array.of(0xff))).status).toBe(400)
  })

  test('in another form are refused', async () => {
    expect((await structured({}, 'application/json')).json).toMatchObject({
      status: 400,
      code: 'SLUSE-EVENT-INVALID',
    })
    expect((await structured({}, 'application/cloudevents+avro')).json).toMatchObject({ status: 415 })
  })

  test('are listed newest first, by type, in pages', async () => {
    const list = async (query: string) => (await server.call('GET', `/api/v1/events?${query}`)).json
    await structured(event('l-1', { type: 'dk.test.list' }))
    await structured(event('l-2', { type: 'dk.test.list' }))
    const first = await list('type=dk.test.list&limit=1')
    expect(first.events[0].event.id).toBe('l-2')
    const second = await list(`type=dk.test.list&limit=1&cursor=${first.next}`)
    expect(second.events[0].event.id).toBe('l-1')
    expect(second.next).toBeUndefined()
    expect((await server.call('GET', '/api/v1/events?cursor=x')).status).toBe(400)
  })
})
