import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startMcp, type RunningMcp } from '../../../test/servers/mcp/server.ts'
import { faultOf, serve, type Seen } from '../../http/testing/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { ActivityContext } from '../activity.ts'
import { activityContext } from '../testing/index.ts'
import { callMcp } from './index.ts'

const call = (
  method: string,
  parameters: object | undefined,
  transport: object,
  more: object = {},
  context: Partial<ActivityContext> = {},
) =>
  callMcp({ dataFolder: '/nonexistent', processes: { graceMs: 500 } }).run(
    { method, ...(parameters && { parameters }), transport, ...more } as unknown as Json,
    activityContext(context),
  )

const add = { name: 'add', arguments: { a: 1, b: 2 } }
const three = { content: [{ type: 'text', text: '3' }] }
const runtime = expect.stringMatching(/runtime$/) as string

describe.each([{ json: false }, { json: true }])('over HTTP, with answers as %j', ({ json }) => {
  let server: RunningMcp
  beforeEach(async () => (server = await startMcp({ json })))
  afterEach(() => server.close())
  const http = () => ({ http: { endpoint: { uri: server.uri } } })

  it('initializes first, then asks, then lets go of its session', async () => {
    expect(await call('tools/call', add, http())).toEqual(three)
    expect(
      server.requests.map(({ method, body }) =>
        body ? (JSON.parse(body) as { method: string }).method : method,
      ),
    ).toEqual(['initialize', 'notifications/initialized', 'tools/call', 'DELETE'])
    expect(server.sessions.size).toBe(0)
  })

  it('says who it is and what it speaks', async () => {
    await call('tools/list', undefined, http(), {
      protocolVersion: '2025-03-26',
      client: { name: 'me', version: '2' },
    })
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      params: { protocolVersion: '2025-03-26', clientInfo: { name: 'me', version: '2' }, capabilities: {} },
    })
    const after = await call('tools/list', undefined, http()).then(() => server.requests.at(-2))
    expect(after?.headers['mcp-protocol-version']).toBe('2025-06-18')
  })

  it.each([
    ['tools/list', undefined, { tools: expect.arrayContaining([expect.objectContaining({ name: 'add' })]) }],
    ['prompts/list', undefined, { prompts: [expect.objectContaining({ name: 'greet' })] }],
    ['prompts/get', { name: 'greet', arguments: { name: 'Aase' } }, { messages: [expect.anything()] }],
    ['resources/list', undefined, { resources: [expect.objectContaining({ uri: 'doc://readme' })] }],
    ['resources/read', { uri: 'doc://pages/1' }, { contents: [{ uri: 'doc://pages/1', text: 'A page' }] }],
    [
      'resources/templates/list',
      undefined,
      { resourceTemplates: [expect.objectContaining({ name: 'page' })] },
    ],
  ])('%s gives the result of the protocol', async (method, parameters, expected) => {
    expect(await call(method, parameters, http())).toMatchObject(expected)
  })

  it('sends its headers, its authentication, and its idempotency key with a tool’s call', async () => {
    const endpoint = { uri: server.uri, authentication: { bearer: { token: 'abcd' } } }
    await call('tools/call', add, { http: { endpoint, headers: { 'X-Tenant': 'one' } } })
    const { headers } = server.requests[2] ?? { headers: {} }
    expect(headers).toMatchObject({
      'x-tenant': 'one',
      authorization: 'Bearer abcd',
      'idempotency-key': 'run-1/do/0/task',
    })
  })

  it('an error of the protocol is a runtime fault with its code', async () => {
    expect(await faultOf(call('prompts/get', { name: 'none' }, http()))).toMatchObject({
      type: runtime,
      rpcCode: -32602,
    })
  })

  it('a tool that failed is a result, as the protocol has it', async () => {
    expect(await call('tools/call', { name: 'fail' }, http())).toMatchObject({ isError: true })
  })

  it('ends after its timeout, with a runtime fault', async () => {
    const problem = await faultOf(
      call('tools/call', { name: 'slow' }, http(), { timeout: { milliseconds: 500 } }),
    )
    expect(problem).toMatchObject({
      type: runtime,
      status: 408,
      detail: expect.stringContaining('0.5 seconds'),
    })
  })

  it('ends at once when it is cancelled', async () => {
    const controller = new AbortController()
    const running = call('tools/call', { name: 'slow' }, http(), {}, { signal: controller.signal })
    await vi.waitFor(() => expect(server.requests.length).toBe(3), 10_000)
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
  })

  it('a server that is not there is a runtime fault', async () => {
    await server.close()
    expect(await faultOf(call('tools/list', undefined, http()))).toMatchObject({
      type: runtime,
      detail: expect.stringContaining('ECONNREFUSED'),
    })
    server = await startMcp()
  })
})

describe('over HTTP', () => {
  it('answers what the server asks within its answer: it is there, and offers nothing', async () => {
    const server = await startMcp()
    const result = await call('tools/call', { name: 'ask' }, { http: { endpoint: { uri: server.uri } } })
    expect(result).toMatchObject({ content: [{ text: 'refused' }] })
    await server.close()
  })

  type Answer = (
    message: { id?: number; method?: string },
    seen: Seen,
  ) => { type?: string; body: string; status?: number }
  const against = async (answer: Answer, method = 'tools/list') => {
    const seen: string[] = []
    const server = await serve((request, response) => {
      seen.push(`${request.method} ${String(request.headers['last-event-id'] ?? '')}`.trim())
      const message =
        request.body === '' ? {} : (JSON.parse(request.body) as { id?: number; method?: string })
      if (message.method === 'initialize') {
        const result = {
          protocolVersion: '2025-06-18',
          capabilities: {},
          serverInfo: { name: 's', version: '1' },
        }
        const told = answer(message, request)
        response.writeHead(told.status ?? 200, { 'content-type': told.type ?? 'application/json' })
        response.end(told.body || JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
        return
      }
      if (message.method?.startsWith('notifications/')) return void response.writeHead(202).end()
      const { type = 'text/event-stream', body, status = 200 } = answer(message, request)
      response.writeHead(status, { 'content-type': type }).end(body)
    })
    const outcome = await call(method, undefined, { http: { endpoint: { uri: server.origin } } }).then(
      (result) => ({ result }),
      (error: { problem: { type: string; detail: string } }) => error.problem,
    )
    await server.close()
    return { outcome, seen }
  }

  it('takes an answer up again where it broke off, by the id of the last event', async () => {
    let asked: number | undefined
    const { outcome, seen } = await against(({ id, method }, { method: verb }) => {
      if (method === 'initialize') return { body: '' }
      if (verb === 'GET') return { body: `data: {"jsonrpc":"2.0","id":${asked},"result":{"tools":[]}}\n\n` }
      asked = id
      return { body: 'retry: 1\nid: e1\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n' }
    })
    expect(outcome).toEqual({ result: { tools: [] } })
    expect(seen).toContain('GET e1')
  })

  it.each<[string, Answer, RegExp]>([
    ['ends without a response', () => ({ body: '' }), /not JSON|without a response/],
    [
      'is cut within an event',
      ({ method }) => ({ body: method === 'initialize' ? '' : 'data: {"js' }),
      /without a response/,
    ],
    [
      'is no JSON',
      ({ method }) => ({ body: method === 'initialize' ? '' : '<html>', type: 'application/json' }),
      /not JSON/,
    ],
    [
      'is an error of HTTP',
      ({ method }) => ({
        body: method === 'initialize' ? '' : 'no',
        status: method === 'initialize' ? 200 : 502,
      }),
      /502/,
    ],
    [
      'speaks another version',
      ({ id }) => ({
        body: JSON.stringify({ jsonrpc: '2.0', id, result: { protocolVersion: '1999-01-01' } }),
        type: 'application/json',
      }),
      /version "1999-01-01"/,
    ],
  ])('a server whose answer %s is a runtime fault', async (_, answer, detail) => {
    const { outcome } = await against(answer)
    expect(outcome).toMatchObject({ type: runtime, detail: expect.stringMatching(detail) })
  })
})

describe('as a process', () => {
  const file = join(import.meta.dirname, '../../../test/servers/mcp/stdio.mjs')
  const stdio = (...more: string[]) => ({ stdio: { command: process.execPath, arguments: [file, ...more] } })

  it('initializes, asks, and leaves nothing behind', async () => {
    expect(await call('tools/call', add, stdio('unique-mark-1'))).toEqual(three)
    expect(await withArgument('unique-mark-1')).toEqual([])
  })

  it('has nothing of the environment of the server but what is declared', async () => {
    vi.stubEnv('SLUSE_TEST_SECRET', 'not for you')
    const { stdio: process } = stdio()
    const result = await call(
      'tools/call',
      { name: 'environment' },
      { stdio: { ...process, environment: { TOKEN: 't' } } },
    )
    vi.unstubAllEnvs()
    const [{ text }] = (result as { content: [{ text: string }] }).content
    expect(JSON.parse(text)).toMatchObject({ TOKEN: 't' })
    expect(text).not.toContain('SLUSE_TEST_SECRET')
  })

  it.each([
    ['before it answers', ['--die'], 'tools/list', undefined, /exit code 3: starting with --die/],
    ['while it answers', [], 'tools/call', { name: 'die' }, /exit code 4/],
    ['after it wrote without end', [], 'tools/call', { name: 'flood' }, /longer than 10000000 bytes/],
  ])('one that ends %s is a runtime fault', async (_, args, method, parameters, detail) => {
    const problem = await faultOf(call(method, parameters, stdio(...args)))
    expect(problem).toMatchObject({ type: runtime, detail: expect.stringMatching(detail) })
  })

  it('one that hangs is ended after the timeout, and when the call is cancelled', async () => {
    const slow = { name: 'slow' }
    const problem = await faultOf(
      call('tools/call', slow, stdio('unique-mark-2'), { timeout: { milliseconds: 2000 } }),
    )
    expect(problem).toMatchObject({ type: runtime, status: 408 })
    const controller = new AbortController()
    const running = call('tools/call', slow, stdio('unique-mark-2'), {}, { signal: controller.signal })
    await vi.waitFor(async () => expect(await withArgument('unique-mark-2')).not.toEqual([]), 10_000)
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
    expect(await withArgument('unique-mark-2')).toEqual([])
  })

  it('a command that is not there is a configuration fault that says where it was looked for', async () => {
    const problem = await faultOf(call('tools/list', undefined, { stdio: { command: 'no-such-server' } }))
    expect(problem).toMatchObject({
      type: expect.stringMatching(/configuration$/),
      detail: expect.stringMatching(/no command "no-such-server" in .*\/usr\/bin/),
    })
  })
})

describe('what a call is given', () => {
  it.each([
    [{ method: 'tools/none', transport: {} }, /no MCP method/],
    [{ method: 'tools/list', transport: {} }, /either `http` or `stdio`/],
    [{ method: 'tools/list', transport: {}, protocolVersion: '1.0' }, /2025-06-18/],
    [{ method: 'tools/list', transport: { http: {}, stdio: {} } }, /either `http` or `stdio`/],
  ])('is refused where it does not fit: %j', async ({ method, transport, ...more }, detail) => {
    expect(await faultOf(call(method, undefined, transport, more))).toMatchObject({
      type: expect.stringMatching(/configuration$/),
      detail: expect.stringMatching(detail),
    })
  })
})

async function withArgument(argument: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  )
  return pids.filter((_, index) => lines[index]?.split('\0').includes(argument))
}
