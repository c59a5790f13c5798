import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startAgent, type RunningAgent } from '../../../test/servers/a2a/agent.ts'
import type { HttpSettings } from '../../http/index.ts'
import { faultOf, serve, serveBytes } from '../../http/testing/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { ActivityContext } from '../activity.ts'
import { activityContext } from '../testing/index.ts'
import { callA2a } from './index.ts'

let folder: string
let agent: RunningAgent
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'sluse-test-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => (agent = await startAgent()))
afterEach(() => agent.close())

const call = (
  method: string,
  parameters: object | undefined,
  to: object,
  { http = {}, ...context }: Omit<Partial<ActivityContext>, 'http'> & { http?: HttpSettings } = {},
) => {
  const input = { method, ...(parameters && { parameters }), ...to } as unknown as Json
  return callA2a({ dataFolder: folder, projectFolder: folder, http }).run(input, activityContext(context))
}
const card = (authentication?: object) => ({
  agentCard: {
    endpoint: {
      uri: `${agent.origin}/.well-known/agent-card.json`,
      ...(authentication && { authentication }),
    },
  },
})
const server = () => ({ server: { uri: `${agent.origin}/rpc` } })
const message = (text: string) => ({
  message: { kind: 'message', messageId: 'm1', role: 'user', parts: [{ kind: 'text', text }] },
})
const runtime = expect.stringMatching(/runtime$/) as string

describe('an agent', () => {
  it('is found by its card, which counts before a server', async () => {
    const result = await call('message/send', message('message: hej'), {
      ...card(),
      server: { uri: 'http://127.0.0.1:9' },
    })
    expect(result).toMatchObject({ kind: 'message', parts: [{ text: 'message: hej (user)' }] })
  })

  it('is found by its server, with its authentication', async () => {
    const authentication = { bearer: { token: 'abcd' } }
    await call('message/send', message('x'), { server: { uri: `${agent.origin}/rpc`, authentication } })
    expect(agent.requests[0]?.headers.authorization).toBe('Bearer abcd')
  })

  it('answers each method with the result of the protocol', async () => {
    const done = (await call('message/send', message('hej'), server())) as { id: string }
    expect(done).toMatchObject({ kind: 'task', status: { state: 'completed' } })
    expect(await call('tasks/get', { id: done.id }, server())).toMatchObject({
      artifacts: [{ parts: [{ text: 'hej' }] }],
    })
    const pushNotificationConfig = { id: 'p', url: `${agent.origin}/push` }
    const set = { taskId: done.id, pushNotificationConfig }
    expect(await call('tasks/pushNotificationConfig/set', set, server())).toMatchObject(set)
    const one = { id: done.id, pushNotificationConfigId: 'p' }
    expect(await call('tasks/pushNotificationConfig/get', one, server())).toMatchObject(set)
    expect(await call('tasks/pushNotificationConfig/list', { id: done.id }, server())).toMatchObject([set])
    expect(await call('tasks/pushNotificationConfig/delete', one, server())).toBeNull()
    expect(await call('agent/getAuthenticatedExtendedCard', undefined, server())).toMatchObject({
      name: 'Echo',
      supportsAuthenticatedExtendedCard: true,
    })
  })

  it('answers a stream with the list of its results, in order', async () => {
    const results = await call('message/stream', message('hej'), card())
    expect(results).toMatchObject([
      { kind: 'task', status: { state: 'submitted' } },
      { kind: 'status-update', status: { state: 'working' } },
      { kind: 'artifact-update', artifact: { parts: [{ text: 'hej' }] } },
      { kind: 'status-update', final: true, status: { state: 'completed' } },
    ])
  })

  it('that is subscribed to again streams what is left of its task', async () => {
    const { id } = (await call('message/send', message('hej'), server())) as { id: string }
    expect(await call('tasks/resubscribe', { id }, server())).toMatchObject([{ kind: 'task', id }])
  })

  it('that refuses is a runtime fault with its code', async () => {
    expect(await faultOf(call('tasks/get', { id: 'none' }, server()))).toMatchObject({
      type: runtime,
      rpcCode: -32001,
    })
    expect(await faultOf(call('tasks/resubscribe', { id: 'none' }, server()))).toMatchObject({
      type: runtime,
      rpcCode: -32001,
    })
    expect(await faultOf(call('tasks/list', {}, server()))).toMatchObject({ type: runtime, rpcCode: -32601 })
  })

  it('that never answers is a runtime fault after the time allowed, and ends when cancelled', async () => {
    const http = { totalTimeoutMs: 400 }
    expect(await faultOf(call('message/stream', message('slow'), server(), { http }))).toMatchObject({
      type: runtime,
      status: 408,
    })
    const controller = new AbortController()
    const running = call('message/stream', message('slow'), server(), { signal: controller.signal })
    await vi.waitFor(() => expect(agent.requests).toHaveLength(2), 10_000)
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
  })

  it('that is not there is a runtime fault', async () => {
    const problem = await faultOf(call('tasks/get', { id: '1' }, { server: { uri: 'http://127.0.0.1:9/' } }))
    expect(problem).toMatchObject({ type: runtime, detail: expect.stringContaining('ECONNREFUSED') })
  })

  it('that goes away within a stream is a runtime fault', async () => {
    const running = faultOf(call('message/stream', message('slow'), server()))
    await vi.waitFor(() => expect(agent.requests).toHaveLength(1), 10_000)
    await agent.close()
    expect((await running).type).toEqual(runtime)
    agent = await startAgent()
  })

  it.each([
    ['no JSON', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>', /not JSON/],
    ['no response', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', /no response/],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"jsonrpc"', /closed|long/],
    [
      'an error without an id',
      'HTTP/1.1 200 OK\r\nContent-Length: 53\r\n\r\n{"id":null,"error":{"code":-32700,"message":"what?"}}',
      /what\?/,
    ],
    [
      'an empty stream',
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n',
      /no.*response|not JSON/,
    ],
  ])('that answers %s is a runtime fault', async (_, bytes, detail) => {
    const odd = await serveBytes((socket) => socket.once('data', () => socket.end(bytes)))
    const problem = await faultOf(call('message/stream', message('x'), { server: { uri: odd.origin } }))
    expect(problem).toMatchObject({ type: runtime, detail: expect.stringMatching(detail) })
    await odd.close()
  })
})

describe('the security of a card', () => {
  const secured = (schemes: object, security: object[]) =>
    Object.assign(agent.card, { securitySchemes: schemes, security })
  const bearer = { bearer: { token: 'abcd' } }
  const sent = () => agent.requests.at(-1)
  const configuration = expect.stringMatching(/configuration$/) as string

  it('is met by a policy that suits one of its alternatives', async () => {
    secured({ a: { type: 'http', scheme: 'basic' }, b: { type: 'oauth2', flows: {} } }, [
      { a: [] },
      { b: ['read'] },
    ])
    await call('message/send', message('x'), card(bearer))
    expect(sent()?.headers.authorization).toBe('Bearer abcd')
    await call('message/send', message('x'), card({ basic: { username: 'u', password: 'p' } }))
    expect(sent()?.headers.authorization).toBe('Basic dTpw')
  })

  it('gets its key where it says: in a header, a cookie or the query', async () => {
    secured({ k: { type: 'apiKey', in: 'header', name: 'X-Key' } }, [{ k: [] }])
    await call('message/send', message('x'), card(bearer))
    expect(sent()?.headers).toMatchObject({ 'x-key': 'abcd' })
    expect(sent()?.headers.authorization).toBeUndefined()
    secured({ k: { type: 'apiKey', in: 'cookie', name: 'key' } }, [{ k: [] }])
    await call('message/send', message('x'), card(bearer))
    expect(sent()?.headers.cookie).toBe('key=abcd')
    secured({ k: { type: 'apiKey', in: 'query', name: 'key' } }, [{ k: [] }])
    await call('message/send', message('x'), card(bearer))
    expect(sent()?.url).toBe('/rpc?key=abcd')
  })

  it('that the call does not meet is a configuration fault that says what is wanted', async () => {
    secured({ a: { type: 'http', scheme: 'basic' } }, [{ a: [] }])
    expect(await faultOf(call('message/send', message('x'), card()))).toMatchObject({
      type: configuration,
      detail: expect.stringContaining('a: http'),
    })
    expect(await faultOf(call('message/send', message('x'), card(bearer)))).toMatchObject({
      type: configuration,
    })
    secured({}, [{ a: [] }])
    expect((await faultOf(call('message/send', message('x'), card(bearer)))).type).toEqual(configuration)
  })

  it('that asks for nothing, or for a certificate alone, needs nothing', async () => {
    secured({ a: { type: 'http', scheme: 'basic' } }, [{ a: [] }, {}])
    await call('message/send', message('x'), card())
    secured({ m: { type: 'mutualTLS' } }, [{ m: [] }])
    await call('message/send', message('x'), card())
    expect(sent()?.headers.authorization).toBeUndefined()
  })

  it('never sends credentials to another origin in the clear, nor where none were asked for', async () => {
    const other = await serve((_, response) => void response.end('{"jsonrpc":"2.0","id":1,"result":"ok"}'))
    agent.card.url = other.origin
    secured({ a: { type: 'http', scheme: 'bearer' } }, [{ a: [] }])
    expect(await faultOf(call('message/send', message('x'), card(bearer)))).toMatchObject({
      type: configuration,
    })
    expect(other.requests).toEqual([])
    secured({}, [])
    expect(await call('message/send', message('x'), card(bearer))).toBe('ok')
    expect(other.requests[0]?.headers.authorization).toBeUndefined()
    await other.close()
  })
})

describe('a card', () => {
  it.each([
    [
      {
        preferredTransport: 'GRPC',
        url: 'http://a',
        additionalInterfaces: [{ transport: 'JSONRPC', url: 'AGENT' }],
      },
      undefined,
    ],
    [
      { supportedInterfaces: [{ protocolBinding: 'JSONRPC', protocolVersion: '0.3', url: 'AGENT' }] },
      undefined,
    ],
    [
      { supportedInterfaces: [{ protocolBinding: 'JSONRPC', protocolVersion: '1.0', url: 'AGENT' }] },
      /version 0\.3/,
    ],
    [{ preferredTransport: 'GRPC', url: 'http://a' }, /speaks JSON-RPC/],
    [{ url: 'ftp://a' }, /none of HTTP/],
    [[], /no object/],
  ])('leads to the address for JSON-RPC, or is a fault: %j', async (content, detail) => {
    const text = JSON.stringify(content).replace('AGENT', `${agent.origin}/rpc`)
    await writeFile(join(folder, 'card.json'), text)
    const running = call('message/send', message('message: x'), {
      agentCard: { endpoint: { uri: 'file://card.json' } },
    })
    if (!detail) expect(await running).toMatchObject({ kind: 'message' })
    else expect((await faultOf(running)).detail).toMatch(detail)
  })

  it('or a server must be there, and a known method', async () => {
    expect((await faultOf(call('message/send', message('x'), {}))).detail).toContain('agentCard')
    expect((await faultOf(call('message/shout', message('x'), server()))).detail).toContain('message/send')
  })
})
