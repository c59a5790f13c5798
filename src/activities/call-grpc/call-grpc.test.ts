import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { greeterProto, startGreeter, toneProto, type Greeter } from '../../../test/servers/grpc/greeter.ts'
import { createTestAuthority } from '../../../test/servers/internet/index.ts'
import type { HttpSettings } from '../../http/index.ts'
import { faultOf, serve, serveBytes } from '../../http/testing/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { Activity, ActivityContext } from '../activity.ts'
import { activityContext } from '../testing/index.ts'
import { callGrpc } from './index.ts'
import { fromJson, toJson } from './proto-json.ts'

let folder: string
let greeter: Greeter
const activities: Activity[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluse-test-'))
  await mkdir(join(folder, 'app/common'), { recursive: true })
  await writeFile(join(folder, 'app/greeter.proto'), greeterProto)
  await writeFile(join(folder, 'app/common/tone.proto'), toneProto)
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => (greeter = await startGreeter()))
afterEach(async () => {
  await Promise.all(activities.splice(0).map((activity) => activity.close?.()))
  await greeter.close()
})

const call = (
  method: string,
  given: unknown = {},
  {
    service,
    context,
    settings,
    ...input
  }: {
    service?: object
    context?: Partial<ActivityContext>
    settings?: HttpSettings
    [member: string]: unknown
  } = {},
) => {
  const activity = callGrpc({ dataFolder: folder, projectFolder: folder, http: settings ?? {} })
  activities.push(activity)
  return activity.run(
    {
      proto: { endpoint: { uri: 'file://app/greeter.proto' } },
      service: { name: 'greetings.v1.Greeter', host: '127.0.0.1', port: greeter.port, ...service },
      method,
      arguments: given as Json,
      ...(input as { [member: string]: Json }),
    },
    activityContext(context),
  )
}

describe('a call', () => {
  it('sends one message and gives one', async () => {
    expect(await call('Greet', { name: 'Aase', times: 3 })).toMatchObject({ text: 'Hello Aase', number: 3 })
  })

  it('sends a stream of the messages in a list, in order', async () => {
    const people = [{ name: 'A' }, { name: 'B' }, { name: 'C' }]
    expect(await call('GreetAll', people)).toMatchObject({ text: 'A and B and C', number: 3 })
    expect(await call('GreetAll', { messages: people })).toMatchObject({ number: 3 })
    expect(await call('GreetAll', { name: 'alone' })).toMatchObject({ text: 'alone' })
    expect(await call('GreetAll', [])).toMatchObject({ text: '', number: 0 })
  })

  it('gives the stream that comes back as a list, in order, also an empty one', async () => {
    const counted = (await call('Count', { name: 'n', times: 3 })) as { number: number }[]
    expect(counted.map(({ number }) => number)).toEqual([1, 2, 3])
    expect(await call('Count', { times: 0 })).toEqual([])
  })

  it('streams both ways', async () => {
    const said = await call('Chat', [{ name: 'A' }, { name: 'B' }])
    expect(said).toMatchObject([{ text: 'Hello A' }, { text: 'Hello B' }])
  })

  it('carries many and large messages both ways', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => ({ name: `${index}${'x'.repeat(index)}` }))
    const said = (await call('Chat', many)) as { text: string }[]
    expect(said.map(({ text }) => text.length)).toEqual(many.map(({ name }) => `Hello ${name}`.length))
  })

  it('carries messages without any field', async () => {
    expect(await call('Nothing')).toEqual({})
  })

  it('sends its idempotency key, and the authentication as metadata', async () => {
    const authentication = { basic: { username: 'me', password: 'secret' } }
    const { metadata } = (await call('Greet', {}, { service: { authentication } })) as {
      metadata: { [name: string]: string }
    }
    expect(metadata).toMatchObject({
      authorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
      'idempotency-key': 'run-1/do/0/task',
    })
  })

  it('keeps its connection for the next call, and makes a new one where the server was away', async () => {
    const activity = callGrpc({ dataFolder: folder, projectFolder: folder })
    activities.push(activity)
    const again = () =>
      activity.run(
        {
          proto: { endpoint: { uri: 'file://app/greeter.proto' } },
          service: { name: 'greetings.v1.Greeter', host: '127.0.0.1', port: greeter.port },
          method: 'Greet',
        },
        activityContext(),
      )
    await again()
    await again()
    await greeter.close()
    expect((await faultOf(again())).status).toBe(503)
    greeter = await startGreeter(undefined, greeter.port)
    expect(await again()).toMatchObject({ number: 0 })
  })
})

describe('values', () => {
  const everything = {
    text: 'æøå',
    flag: true,
    big: '-9223372036854775808',
    huge: '18446744073709551615',
    real: 0.1,
    small: 0.1,
    raw: '/+8=',
    tone: 'TONE_WARM',
    numbers: [1, -2],
    people: { a: { name: 'A', times: 0 } },
    byName: { no: true },
    maybe: '',
    right: 0,
    inner: { name: 'I', times: 2 },
    at: '2026-01-31T12:00:00.000000001Z',
    lasting: '-1.500s',
    free: { a: [1, 'x', null, true, { b: {} }] },
    anything: null,
    wrapped: '0',
    snakeCaseName: 4294967295,
    otherName: 'r',
  }

  it('of every kind come back as they went', async () => {
    expect(await call('Echo', everything)).toEqual(everything)
  })

  it('that were not sent have their default, unless being absent says something', async () => {
    const {
      maybe: _m,
      right: _r,
      inner: _i,
      at: _a,
      lasting: _l,
      free: _f,
      anything: _n,
      wrapped: _w,
      ...without
    } = everything
    const defaults = Object.fromEntries(
      Object.entries(without).map(([name, value]) => {
        if (typeof value === 'string')
          return [name, name === 'tone' ? 'TONE_UNSPECIFIED' : /^-?\d+$/.test(value) ? '0' : '']
        return [
          name,
          typeof value === 'number' ? 0 : typeof value === 'boolean' ? false : Array.isArray(value) ? [] : {},
        ]
      }),
    )
    expect(await call('Echo', {})).toEqual(defaults)
  })

  it('of maps keep every digit of their keys', () => {
    const source =
      'syntax = "proto3"; message M { map<int64, bool> signed = 1; map<uint64, string> bare = 2; }'
    const type = protobuf.parse(source, { keepCase: true }).root.resolveAll().lookupType('M')
    const json = { signed: { '-9007199254740993': true, 1: false }, bare: { '18446744073709551615': 'x' } }
    expect(toJson(type, fromJson(type, json))).toEqual(json)
  })

  it('may be given by the name in the description, integers as texts, enumerations by number', async () => {
    const given = { snake_case_name: '7', big: 5, tone: 1, real: 'NaN' }
    expect(await call('Echo', given)).toMatchObject({
      snakeCaseName: 7,
      big: '5',
      tone: 'TONE_WARM',
      real: 'NaN',
    })
  })

  it('any number that an integer field holds comes back the same', async () => {
    const sixtyFour = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    await fc.assert(
      fc.asyncProperty(sixtyFour, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), async (big, huge) => {
        const sent = { big: String(big), huge: String(huge) }
        expect(await call('Echo', sent)).toMatchObject(sent)
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    [{ unknown: 1 }, /no field 'unknown'/],
    [{ inner: { nme: 'x' } }, /no field 'inner.nme'/],
    [{ numbers: [1, 'x'] }, /'numbers\[1\]' is no int32/],
    [{ numbers: 1 }, /a list/],
    [{ snakeCaseName: -1 }, /outside of what uint32 holds/],
    [{ big: '9223372036854775808' }, /outside/],
    [{ big: 1.5 }, /no int64/],
    [{ tone: 'LOUD' }, /none of Tone: TONE_UNSPECIFIED, TONE_WARM/],
    [{ left: 'a', right: 1 }, /only one can be given/],
    [{ at: 'yesterday' }, /RFC 3339/],
    [{ raw: '%%' }, /no bytes/],
    [{ people: [1] }, /an object/],
    [5, /an object/],
  ])('that do not fit are a validation fault: %j', async (given, detail) => {
    expect(await faultOf(call('Echo', given))).toMatchObject({
      type: expect.stringMatching(/validation$/),
      detail: expect.stringMatching(detail),
    })
  })
})

describe('what fails', () => {
  it.each([
    [3, 'INVALID_ARGUMENT', 400],
    [5, 'NOT_FOUND', 404],
    [7, 'PERMISSION_DENIED', 403],
    [8, 'RESOURCE_EXHAUSTED', 429],
    [12, 'UNIMPLEMENTED', 501],
    [14, 'UNAVAILABLE', 503],
    [16, 'UNAUTHENTICATED', 401],
  ])('status %s is a communication fault %s with HTTP status %s', async (times, grpcStatus, status) => {
    expect(await faultOf(call('Fail', { times, name: 'way' }))).toMatchObject({
      type: expect.stringMatching(/communication$/),
      grpcStatus,
      status,
      detail: expect.stringContaining(`${grpcStatus}: no way – æøå`),
    })
  })

  it('never shows a secret that the server repeats', async () => {
    const context = { secrets: { key: 'hunter22' } }
    expect((await faultOf(call('Fail', { times: 5, name: 'hunter22' }, { context }))).detail).toContain(
      'no ***',
    )
  })

  it('a server that is not there', async () => {
    await greeter.close()
    expect(await faultOf(call('Greet'))).toMatchObject({
      status: 503,
      detail: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('a server that does not answer in time, which is told so', async () => {
    const problem = await faultOf(call('Hang', {}, { settings: { totalTimeoutMs: 300 } }))
    expect(problem).toMatchObject({ status: 504, grpcStatus: 'DEADLINE_EXCEEDED' })
    await vi.waitFor(() => expect(greeter.cancelled()).toBe(1), 10_000)
  })

  it('a call that is cancelled ends at once, and the server is told', async () => {
    const controller = new AbortController()
    const running = call('Hang', {}, { context: { signal: controller.signal } })
    setTimeout(() => controller.abort(new Error('cancelled')), 300)
    await expect(running).rejects.toThrow('cancelled')
    await vi.waitFor(() => expect(greeter.cancelled()).toBe(1), 10_000)
  })

  it('an answer larger than allowed', async () => {
    const problem = await faultOf(call('Flood', {}, { settings: { maxResponseBytes: 1_000_000 } }))
    expect(problem.detail).toContain('larger than the 1000000 bytes')
  })

  it('a server that goes away within its answer', async () => {
    const running = faultOf(call('Hang'))
    setTimeout(() => void greeter.close(), 300)
    expect((await running).type).toMatch(/communication$/)
  })

  it('a host that this server may not call', async () => {
    const problem = await faultOf(call('Greet', {}, { settings: { deniedHosts: ['127.0.0.0/8'] } }))
    expect(problem.status).toBe(403)
  })

  it('a server that speaks no HTTP/2', async () => {
    const odd = await serveBytes((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const port = Number(new URL(odd.origin).port)
    expect((await faultOf(call('Greet', {}, { service: { port } }))).type).toMatch(/communication$/)
    await odd.close()
  })
})

describe('answers that no library would give', () => {
  const answering = async (answer: (stream: ServerHttp2Stream) => void) => {
    const server = createServer()
    server.on('stream', (stream) => {
      stream.on('error', () => {})
      answer(stream)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const problem = await call('Greet', {}, { service: { port } }).then(
      (output) => ({ output }),
      (error: { problem: object }) => error.problem,
    )
    server.close()
    return problem
  }
  const headers = { ':status': 200, 'content-type': 'application/grpc' }
  const reply = Buffer.concat([Buffer.from([0x0a, 2]), Buffer.from('hi')])
  const framed = (bytes: Buffer, compressed = 0, length = bytes.length) =>
    Buffer.concat([Buffer.from([compressed, 0, 0, 0, length]), bytes])

  it('half a message', async () => {
    const problem = await answering((stream) => {
      stream.respond(headers)
      stream.end(framed(reply, 0, 50))
    })
    expect(problem).toMatchObject({
      grpcStatus: 'UNAVAILABLE',
      detail: expect.stringContaining('within a message'),
    })
  })

  it('bytes that are no such message', async () => {
    const problem = await answering((stream) => {
      stream.respond(headers, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(framed(Buffer.from([0x0a, 50, 1])))
    })
    expect(problem).toMatchObject({ detail: expect.stringContaining('is no Reply') })
  })

  it('no message though all is well', async () => {
    const problem = await answering((stream) =>
      stream.respond({ ...headers, 'grpc-status': '0' }, { endStream: true }),
    )
    expect(problem).toMatchObject({ detail: expect.stringContaining('gave 0') })
  })

  it('an error page of a proxy', async () => {
    const problem = await answering((stream) => {
      stream.respond({ ':status': 502, 'content-type': 'text/html' })
      stream.end('<html>')
    })
    expect(problem).toMatchObject({ grpcStatus: 'UNAVAILABLE', detail: expect.stringContaining('HTTP 502') })
  })

  it('a compressed message is read', async () => {
    const answer = await answering((stream) => {
      stream.respond({ ...headers, 'grpc-encoding': 'gzip' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(framed(gzipSync(reply), 1))
    })
    expect(answer).toMatchObject({ output: { text: 'hi' } })
  })

  it('a compressed message that is far larger than it looks is not unpacked', async () => {
    const problem = await answering((stream) => {
      stream.respond({ ...headers, 'grpc-encoding': 'gzip' })
      const bomb = gzipSync(Buffer.alloc(50_000_000))
      const head = Buffer.from([1, 0, 0, 0, 0])
      head.writeUInt32BE(bomb.length, 1)
      stream.end(Buffer.concat([head, bomb]))
    })
    expect(problem).toMatchObject({ grpcStatus: 'RESOURCE_EXHAUSTED' })
  })
})

describe('TLS', () => {
  it('is verified, by the authorities that the settings trust', async () => {
    const authority = createTestAuthority()
    const { certificate, key } = authority.issue('localhost')
    const secure = await startGreeter({ key, certificate })
    const service = { host: 'localhost', port: secure.port, authentication: { bearer: { token: 'token' } } }
    const metadata = { tls: true }
    const settings = { trustedAuthorities: [authority.certificate] }
    expect(await call('Greet', { name: 'A' }, { service, metadata, settings })).toMatchObject({
      text: 'Hello A',
    })
    expect((await faultOf(call('Greet', {}, { service, metadata }))).status).toBe(503)
    await secure.close()
  })

  it('is asked for where credentials would go to another machine in the clear', async () => {
    const service = { host: 'grpc.example', port: 5011, authentication: { bearer: { token: 'token' } } }
    const problem = await faultOf(call('Greet', {}, { service }))
    expect(problem).toMatchObject({
      type: expect.stringMatching(/configuration$/),
      detail: expect.stringMatching(/TLS/),
    })
  })
})

describe('the description', () => {
  it('is read over HTTP with what it imports', async () => {
    const web = await serve(({ path }, response) => {
      if (path === '/deep/greeter.proto') response.end(greeterProto)
      else if (path === '/common/tone.proto') response.end(toneProto)
      else response.writeHead(404).end()
    })
    const proto = { endpoint: { uri: `${web.origin}/deep/greeter.proto` } }
    expect(await call('Greet', { name: 'A' }, { proto })).toMatchObject({ text: 'Hello A' })
    await web.close()
  })

  it.each([
    ['file://app/none.proto', {}, /none\.proto/],
    ['file://app/greeter.proto', { service: { name: 'greetings.v1.None' } }, /it has greetings\.v1\.Greeter/],
    ['file://app/greeter.proto', { method: 'None' }, /no method None; it has Greet, GreetAll/],
    ['file://app/greeter.proto', { service: { host: 'a b' } }, /not the name of a host/],
    ['file://app/greeter.proto', { service: { port: 99999 } }, /a number from 1/],
  ])('that does not have what is asked for is a configuration fault: %s %j', async (uri, more, detail) => {
    const proto = { endpoint: { uri } }
    expect(await faultOf(call('Greet', {}, { proto, ...more }))).toMatchObject({
      type: expect.stringMatching(/configuration$/),
      detail: expect.stringMatching(detail),
    })
  })

  it('that is none, or imports what is nowhere, is a configuration fault', async () => {
    await writeFile(join(folder, 'app/broken.proto'), 'syntax = "proto3"; message {')
    await writeFile(join(folder, 'app/lost.proto'), 'syntax = "proto3"; import "lost/it.proto";')
    for (const name of ['broken', 'lost']) {
      const proto = { endpoint: { uri: `file://app/${name}.proto` } }
      expect((await faultOf(call('Greet', {}, { proto }))).type).toMatch(/configuration$/)
    }
  })
})
