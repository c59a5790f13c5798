import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer, type TestServer } from './testing/open-server.ts'

const files = {
  'pipelines/steps.yaml': `document: { dsl: '1.0.3', namespace: test, name: steps, version: '1.0.0' }
do:
  - one: { set: { x: 1 } }
  - two: { set: { x: 2 } }
  - three: { set: { x: 3 } }
`,
}

let server: TestServer
beforeAll(async () => {
  server = await openServer(files)
})
afterAll(() => server.close())

interface Message {
  id: string
  event: string
  data: { type: string; data: unknown }
}

/** Reads server-sent events until `enough` of them came, then hangs up. */
async function read(path: string, enough: (all: Message[]) => boolean, headers = {}): Promise<Message[]> {
  const gone = new AbortController()
  const response = await fetch(`${server.url}${path}`, { signal: gone.signal, headers })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const messages: Message[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
      if (fields.id !== undefined)
        messages.push({ ...fields, data: JSON.parse(fields.data as string) } as Message)
    }
    if (enough(messages)) break
  }
  gone.abort()
  return messages
}

const isEnd = ({ event }: Message) => event.includes('workflow.completed')
const start = async () => (await server.call('POST', '/api/v1/pipelines/test/steps/runs')).json.id as string

describe('what happens', () => {
  test('is told of one run from its beginning', async () => {
    const id = await start()
    const messages = await read(`/api/v1/runs/${id}/live`, (all) => all.some(isEnd))
    expect(messages[0]?.event).toContain('workflow.started')
    expect(messages.filter(({ event }) => event.includes('task.completed'))).toHaveLength(3)
    expect(messages[0]?.data).toMatchObject({ specversion: '1.0', type: messages[0]?.event })
  })

  test('goes on where a connection broke: none missed, none twice', async () => {
    const id = await start()
    const whole = await read(`/api/v1/runs/${id}/live`, (all) => all.some(isEnd))
    const half = await read(`/api/v1/runs/${id}/live`, (all) => all.length >= 4)
    const seen = half.slice(0, 4)
    const rest = await read(`/api/v1/runs/${id}/live`, (all) => all.some(isEnd), {
      'last-event-id': seen.at(-1)?.id ?? '',
    })
    expect([...seen, ...rest].map((each) => each.id)).toEqual(whole.map((each) => each.id))
  })

  test('is told as it happens, of all runs or of one pipeline', async () => {
    const following = read('/api/v1/live?namespace=test&name=steps', (all) => all.some(isEnd))
    const none = new AbortController()
    const other = fetch(`${server.url}/api/v1/live?namespace=test&name=none`, { signal: none.signal })
    await other
    const id = await start()
    const messages = await following
    expect(messages.every(({ data }) => JSON.stringify(data).includes(id))).toBe(true)
    none.abort()
  })

  test('costs nothing once the client is gone', async () => {
    await read('/api/v1/live?from=0', (all) => all.length > 0)
    await expect
      .poll(async () => (await server.call('GET', '/metrics')).text)
      .toContain('sluse_live_connections 0\n')
  })
})
