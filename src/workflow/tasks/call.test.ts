import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../json.ts'
import { after, type Asked } from '../testing/memory-context.ts'
import { errorOf, outputOf, runWorkflow, startedAt, type Given } from '../testing/run-workflow.ts'

const standard = 'https://serverlessworkflow.io/spec/1.0.0/errors/'
const echo = (input: Json) => input
const call = (kind: string, args: object, rest: object = {}) => [{ c: { call: kind, with: args, ...rest } }]
/** What the activity of a kind is given. */
const given = (kind: string, args: object, rest: Given & { use?: object } = {}) => {
  const { use = {}, ...world } = rest
  return outputOf({ use, do: call(kind, args) }, { activities: { [kind]: echo }, ...world })
}

describe('a built-in call', () => {
  test('of http has its expressions evaluated and its endpoint expanded', async () => {
    const args = {
      method: 'post',
      endpoint: 'https://a.example/{id}',
      body: { n: '${ .n }' },
      headers: { x: '${ .h }' },
      redirect: true,
    }
    expect(await given('http', args, { input: { id: 'æ/1', n: 1, h: 'y' } })).toEqual({
      ...args,
      endpoint: { uri: 'https://a.example/%C3%A6%2F1' },
      body: { n: 1 },
      headers: { x: 'y' },
    })
  })

  test('of http is told where its answer goes by metadata.saveTo, and nothing else of the metadata', async () => {
    const args = { method: 'get', endpoint: 'https://a.example' }
    const metadata = { saveTo: 'file', owner: 'me' }
    const asked = outputOf({ do: call('http', args, { metadata }) }, { activities: { http: echo } })
    expect(await asked).toMatchObject({ metadata: { saveTo: 'file' } })
    expect(await asked).not.toHaveProperty('metadata.owner')
  })

  test('does not expand what an expression gives', async () => {
    for (const endpoint of ['${ .uri }', { uri: '${ .uri }' }]) {
      expect(
        await given('http', { method: 'get', endpoint }, { input: { uri: 'https://a.example/{id}', id: 1 } }),
      ).toMatchObject({
        endpoint: { uri: 'https://a.example/{id}' },
      })
    }
    expect(await errorOf(call('http', { method: 'get', endpoint: '${ 1 }' }))).toMatchObject({
      type: `${standard}expression`,
    })
    expect(
      await errorOf(call('http', { method: 'get', endpoint: 'https://{x}' }), { input: { x: [] } }),
    ).toMatchObject({ type: `${standard}expression` })
  })

  test('has a named policy put in place, its expressions evaluated', async () => {
    const endpoint = { uri: 'https://a.example', authentication: { use: 'mine' } }
    const use = { authentications: { mine: { bearer: { token: '${ .token }' } } } }
    expect(await given('http', { method: 'get', endpoint }, { use, input: { token: 'abc' } })).toMatchObject({
      endpoint: { authentication: { bearer: { token: 'abc' } } },
    })
    expect(await errorOf(call('http', { method: 'get', endpoint }))).toMatchObject({
      type: `${standard}configuration`,
    })
  })

  test('leaves a secret where it is, but requires that it exists', async () => {
    const endpoint = { uri: 'https://a.example', authentication: { basic: { use: 'door' } } }
    const use = { secrets: ['door'] }
    expect(await given('http', { method: 'get', endpoint }, { use, secrets: { door: {} } })).toMatchObject({
      endpoint: { authentication: { basic: { use: 'door' } } },
    })
    expect(await errorOf({ use, do: call('http', { method: 'get', endpoint }) })).toMatchObject({
      status: 403,
    })
  })

  test('expands the authority of a policy', async () => {
    const authentication = {
      oauth2: {
        authority: 'https://{tenant}.example',
        grant: 'client_credentials',
        client: { id: '${ .tenant }' },
      },
    }
    const args = { document: { endpoint: 'https://a.example/doc' }, operationId: 'get', authentication }
    expect(await given('openapi', args, { input: { tenant: 'andeby' } })).toEqual({
      document: { endpoint: { uri: 'https://a.example/doc' } },
      operationId: 'get',
      authentication: {
        oauth2: {
          authority: 'https://andeby.example',
          grant: 'client_credentials',
          client: { id: 'andeby' },
        },
      },
    })
  })

  test('of grpc and mcp has what is special in it in its place', async () => {
    const service = { name: 's', host: 'h', authentication: { bearer: { token: '${ .t }' } } }
    expect(
      await given('grpc', { proto: { endpoint: 'file://p' }, service, method: 'm' }, { input: { t: 'x' } }),
    ).toEqual({
      proto: { endpoint: { uri: 'file://p' } },
      service: { ...service, authentication: { bearer: { token: 'x' } } },
      method: 'm',
    })
    const transport = { http: { endpoint: 'https://{t}.example', headers: { a: '${ .t }' } } }
    expect(
      await given('mcp', { method: 'tools/list', timeout: 'PT2S', transport }, { input: { t: 'x' } }),
    ).toEqual({
      method: 'tools/list',
      timeout: { milliseconds: 2000 },
      transport: { http: { endpoint: { uri: 'https://x.example' }, headers: { a: 'x' } } },
    })
  })

  test('of a2a gives a message an id and a role', async () => {
    const args = {
      method: 'message/send',
      server: 'https://a.example',
      parameters: { message: { parts: [] } },
    }
    expect(await given('a2a', args)).toEqual({
      ...args,
      server: { uri: 'https://a.example' },
      parameters: {
        message: { parts: [], role: 'user', messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
      },
    })
    expect(await given('a2a', { ...args, method: 'tasks/get', parameters: '${ { id: 1 } }' })).toMatchObject({
      parameters: { id: 1 },
    })
  })
})

describe('$authorization', () => {
  const withPolicy = (authentication: object) =>
    call(
      'http',
      { method: 'get', endpoint: { uri: 'https://a.example', authentication } },
      { output: { as: '$authorization' } },
    )
  const http = echo

  test('of basic and bearer is computed', async () => {
    expect(
      await outputOf(withPolicy({ basic: { username: 'Åse', password: 'ø' } }), { activities: { http } }),
    ).toEqual({
      scheme: 'Basic',
      parameter: Buffer.from('Åse:ø').toString('base64'),
    })
    const workflow = { use: { secrets: ['s'] }, do: withPolicy({ bearer: { use: 's' } }) }
    expect(await outputOf(workflow, { activities: { http }, secrets: { s: { token: 'abc' } } })).toEqual({
      scheme: 'Bearer',
      parameter: 'abc',
    })
  })

  test('of other schemes is obtained by an activity whose result is never recorded', async () => {
    const authorize = () => ({ scheme: 'Bearer', parameter: 'obtained' })
    const oauth2 = { authority: 'https://a.example', grant: 'client_credentials' }
    const result = await runWorkflow(withPolicy({ oauth2 }), { activities: { http, authorize } })
    expect(result.ended).toMatchObject({ output: { parameter: 'obtained' } })
    expect(result.context.asked.get('/do/0/c/authorization')).toEqual({
      kind: 'authorize',
      input: { oauth2 },
      secret: true,
    })
  })

  test('is seen in the arguments of the call, and only asked for where it is mentioned', async () => {
    const endpoint = { uri: 'https://a.example', authentication: { bearer: { token: 't' } } }
    expect(
      await given('http', { method: 'get', endpoint, headers: { x: '${ $authorization.parameter }' } }),
    ).toMatchObject({ headers: { x: 't' } })
    const oauth2 = { authority: 'https://a.example', grant: 'client_credentials' }
    const plain = await runWorkflow(
      call('http', { method: 'get', endpoint: { uri: 'x:y', authentication: { oauth2 } } }),
      { activities: { http } },
    )
    expect([...plain.context.asked.keys()]).toEqual(['/do/0/c'])
  })
})

describe('a function', () => {
  const functions = {
    double: { input: { schema: { document: { type: 'object' } }, from: '.n' }, set: '${ . * 2 }' },
  }

  test('of the workflow gets with, and puts out what its task does', async () => {
    expect(
      await outputOf({ use: { functions }, do: call('double', { n: '${ .x }' }) }, { input: { x: 4 } }),
    ).toBe(8)
  })

  test('gets the input of the task where there is no with', async () => {
    expect(await outputOf({ use: { functions }, do: [{ c: { call: 'double' } }] }, { input: { n: 4 } })).toBe(
      8,
    )
  })

  test('fails at its own place in the definition', async () => {
    expect(
      await errorOf({ use: { functions }, do: [{ c: { call: 'double' } }] }, { input: 4 }),
    ).toMatchObject({
      type: `${standard}validation`,
      instance: '/use/functions/double',
    })
  })

  test('does not see the variables of the caller', async () => {
    const loop = { for: { in: '[1]' }, do: [{ c: { call: 'f' } }] }
    expect(await errorOf({ use: { functions: { f: { set: '${ $item }' } } }, do: [{ loop }] })).toMatchObject(
      { type: `${standard}expression` },
    )
  })

  test('that nobody knows is a fault', async () => {
    for (const name of ['unknown', 'log:1.0.0@unknown']) {
      expect(await errorOf([{ c: { call: name } }])).toMatchObject({
        type: `${standard}configuration`,
        instance: '/do/0/c',
      })
    }
  })

  test('of a catalog is fetched once for a run, and runs at the place of the call', async () => {
    const catalogs = { mine: { endpoint: 'https://github.com/o/r/tree/main' } }
    const fetched: Json[] = []
    const content = (input: Json) => (fetched.push(input), { do: [{ s: { set: '${ [.m] }' } }] })
    const loop = { for: { in: '[1, 2]' }, do: [{ c: { call: 'log:1.0.0@mine', with: { m: '${ $item }' } } }] }
    const result = await runWorkflow(
      { use: { catalogs }, do: [{ loop }] },
      { activities: { function: content } },
    )
    expect(result.ended).toEqual({ status: 'completed', output: [2] })
    expect(fetched).toEqual([
      {
        name: 'log',
        version: '1.0.0',
        catalog: 'mine',
        endpoint: {
          uri: 'https://raw.githubusercontent.com/o/r/refs/heads/main/functions/log/1.0.0/function.yaml',
        },
      },
    ])
    expect(result.context.reports).toContainEqual(
      expect.objectContaining({
        kind: 'task.completed',
        task: '/do/0/loop/do/0/c/do/0/s',
        key: '/do/0/loop[1]/do/0/c/call/log/do/0/s',
      }),
    )
  })

  test('of the default catalog or by address is asked for as such', async () => {
    const content = (input: Json) => ({ set: { asked: input } })
    const given = { activities: { function: content } }
    expect(await outputOf([{ c: { call: 'f:1.0.0@default' } }], given)).toEqual({
      asked: { name: 'f', version: '1.0.0', catalog: 'default' },
    })
    expect(await outputOf([{ c: { call: 'https://a.example/f.yaml' } }], given)).toEqual({
      asked: { endpoint: { uri: 'https://a.example/f.yaml' } },
    })
  })

  test('that is no task is a fault', async () => {
    expect(
      await errorOf([{ c: { call: 'f:1.0.0@default' } }], {
        activities: { function: () => ({ nothing: 1 }) },
      }),
    ).toMatchObject({
      type: `${standard}configuration`,
    })
  })
})

describe('an asyncapi call', () => {
  const document = { endpoint: 'https://a.example/doc' }
  const to = { document: { endpoint: { uri: 'https://a.example/doc' } }, operation: 'o' }

  test('that publishes is one activity', async () => {
    const message = { payload: { n: '${ .n }' } }
    expect(await given('asyncapi', { document, operation: 'o', message }, { input: { n: 1 } })).toEqual({
      ...to,
      message: { payload: { n: 1 } },
    })
  })

  test('that subscribes hands over its conditions with the variables that they mention', async () => {
    const subscription = {
      filter: '${ .payload == $input.n }',
      consume: { while: '${ $context == null }', for: { seconds: 2 } },
    }
    expect(await given('asyncapi', { document, operation: 'o', subscription }, { input: { n: 1 } })).toEqual({
      ...to,
      subscription: {
        filter: '${ .payload == $input.n }',
        consume: { while: '${ $context == null }', for: { milliseconds: 2000 } },
        variables: { input: { n: 1 }, context: null },
      },
    })
  })

  const messages = (input: Json, { count }: Asked) => {
    const { next } = (input as { subscription: JsonObject }).subscription
    return after(10, { message: { payload: count, asked: next as Json }, position: `after ${count}` })
  }
  const foreach = {
    item: 'm',
    do: [{ s: { set: '${ $m.payload }', export: { as: '($context // []) + [.]' } } }],
  }
  const each = (consume: object, more: object = {}) =>
    call('asyncapi', { document, operation: 'o', subscription: { consume, foreach, ...more } })

  test('with foreach takes one message after the other, from where it was', async () => {
    const result = await runWorkflow(each({ amount: 2 }), { activities: { asyncapi: messages } })
    expect(result.ended).toEqual({ status: 'completed', output: [0, 1] })
    expect([...result.context.asked.values()]).toEqual([
      {
        kind: 'asyncapi',
        input: { ...to, subscription: { consume: { amount: 1 }, next: { index: 0, position: null } } },
      },
      {
        kind: 'asyncapi',
        input: { ...to, subscription: { consume: { amount: 1 }, next: { index: 1, position: 'after 0' } } },
      },
      {
        kind: 'asyncapi',
        input: { ...to, subscription: { next: { index: 2, position: 'after 1', end: true } } },
        wait: false,
      },
    ])
  })

  test('with foreach says that it asks for no more, also where its tasks fail', async () => {
    const failing = { do: [{ s: { set: '${ error("no") }' } }] }
    const subscription = { consume: { amount: 2 }, foreach: failing }
    const result = await runWorkflow(call('asyncapi', { document, operation: 'o', subscription }), {
      activities: { asyncapi: messages },
    })
    expect(result.ended.status).toBe('faulted')
    const last = [...result.context.asked.values()].at(-1) as { input: JsonObject }
    expect(last.input['subscription']).toEqual({ next: { index: 1, position: 'after 0', end: true } })
  })

  test.each([
    [{ while: '${ ($context | length) < 3 }' }, [0, 1, 2]],
    [{ until: '${ ($context | length) == 2 }' }, [0, 1]],
    [{ until: '${ true }' }, []],
    [{ amount: 9, for: { milliseconds: 25 } }, [0, 1, 2]],
  ])('with foreach and %j puts out %j', async (consume, outputs) => {
    expect(await outputOf(each(consume), { activities: { asyncapi: messages } })).toEqual(outputs)
  })

  test('ends when the activity has no more messages', async () => {
    const result = await runWorkflow(each({ amount: 3 }), {
      activities: { asyncapi: () => ({ done: true }) },
    })
    expect(result.ended).toEqual({ status: 'completed', output: [] })
    expect(result.context.now()).toBe(startedAt)
  })
})
