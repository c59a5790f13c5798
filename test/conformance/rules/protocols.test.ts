import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { startAgent, type RunningAgent } from '../../servers/a2a/agent.ts'
import { exampleGreeterProto, startExampleGreeter } from '../../servers/grpc/example-greeter.ts'
import { startMcp, type RunningMcp } from '../../servers/mcp/server.ts'
import { feature } from '../feature.ts'
import { useHarness } from './harness.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'

/** dsl-reference.md, "gRPC Call", "A2A Call", "MCP Call": against servers made with each protocol's own library. */
describe('calls by other protocols', () => {
  const { output, error } = useHarness()
  let greeter: { port: number; close(): void }
  let agent: RunningAgent
  let tools: RunningMcp
  beforeAll(async () => {
    greeter = await startExampleGreeter(0)
    agent = await startAgent()
    tools = await startMcp()
  })
  afterAll(async () => {
    greeter?.close()
    await agent?.close()
    await tools?.close()
  })

  const grpc = (more: object) => [
    {
      call: {
        call: 'grpc',
        with: {
          proto: { endpoint: 'file://greet.proto' },
          service: { name: 'GreeterApi.Greeter', host: 'localhost', port: greeter.port },
          method: 'SayHello',
          ...more,
        },
      },
    },
  ]
  const files = { 'greet.proto': exampleGreeterProto }

  feature('grpc.unary', 'the arguments make the message, and the reply is the output', async () => {
    const tasks = grpc({ arguments: { name: '${ .who }' } })
    expect(await output(tasks, { files, input: { who: 'Odense' } })).toEqual({ message: 'Hello Odense' })
  })

  feature(
    'grpc.unary',
    'a method or argument that the proto file does not have is an error that names it',
    async () => {
      expect((await error(grpc({ method: 'Vanish' }), { files })).detail).toContain('Vanish')
      expect((await error(grpc({ arguments: { colour: 'red' } }), { files })).detail).toContain('colour')
    },
  )

  feature('grpc.unary', 'a service that is not there is a communication error', async () => {
    const service = { name: 'GreeterApi.Greeter', host: 'localhost', port: 1 }
    expect(await error(grpc({ service }), { files })).toMatchObject({ type: `${standard}communication` })
  })

  feature('a2a.call', 'an agent is found by its card, and a message gets id and role', async () => {
    const parameters = { message: { parts: [{ kind: 'text', text: '${ .say }' }] } }
    const agentCard = { endpoint: `${agent.origin}/.well-known/agent-card.json` }
    const tasks = [{ call: { call: 'a2a', with: { method: 'message/send', agentCard, parameters } } }]
    expect(JSON.stringify(await output(tasks, { input: { say: 'hello' } }))).toContain('hello')
    const { params } = JSON.parse(agent.requests.at(-1)?.body ?? '{}')
    expect(params.message).toEqual({
      role: 'user',
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      parts: [{ kind: 'text', text: 'hello' }],
    })
  })

  feature('a2a.call', 'a stream puts out its results in order', async () => {
    const parameters = { message: { parts: [{ kind: 'text', text: 'hello' }] } }
    const tasks = [
      {
        call: { call: 'a2a', with: { method: 'message/stream', server: `${agent.origin}/rpc`, parameters } },
      },
    ]
    expect(await output(tasks)).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: expect.any(String) })]),
    )
  })

  feature('a2a.call', 'what the agent refuses is a runtime error', async () => {
    const tasks = [
      {
        call: {
          call: 'a2a',
          with: { method: 'tasks/get', server: `${agent.origin}/rpc`, parameters: { id: 'none' } },
        },
      },
    ]
    expect(await error(tasks)).toMatchObject({ type: `${standard}runtime`, instance: '/do/0/call' })
  })

  const mcp = (transport: object, method: string, parameters: object = {}) => [
    { call: { call: 'mcp', with: { method, parameters, transport } } },
  ]
  const stdio = () => ({
    stdio: {
      command: process.execPath,
      arguments: [fileURLToPath(new URL('../../servers/mcp/slack-stand-in.mjs', import.meta.url))],
      environment: { SLACK_MCP_XOXP_TOKEN: '${ .token }' },
    },
  })

  feature('mcp.stdio', 'a tool of a process is called, with its environment', async () => {
    const tasks = mcp(stdio(), 'tools/call', { name: 'say', arguments: { a: '${ .a }' } })
    const said = (await output(tasks, { input: { a: 1, token: 't' } })) as { content: { text: string }[] }
    expect(JSON.parse(said.content[0]?.text ?? '')).toEqual({ name: 'say', given: { a: 1 }, token: 't' })
  })

  feature('mcp.stdio', 'what the server refuses is a runtime error', async () => {
    expect(await error(mcp(stdio(), 'prompts/list'), { input: { token: 't' } })).toMatchObject({
      type: `${standard}runtime`,
      instance: '/do/0/call',
    })
  })

  feature('mcp.http', 'a tool of a service is called, after the handshake', async () => {
    const transport = { http: { endpoint: tools.uri, headers: { 'x-tenant': '${ .tenant }' } } }
    const tasks = mcp(transport, 'tools/call', { name: 'add', arguments: { a: 1, b: 2 } })
    expect(await output(tasks, { input: { tenant: 'odense' } })).toMatchObject({
      content: [{ type: 'text', text: '3' }],
    })
    expect(JSON.parse(tools.requests[0]?.body ?? '{}').method).toBe('initialize')
    expect(tools.requests[0]?.headers['x-tenant']).toBe('odense')
  })
})
