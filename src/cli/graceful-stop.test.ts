import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { definition, openFolder, type Running } from './testing/command.ts'

/** A target that answers when the test says so, and remembers with which key each call came. */
let target: Server
let calls: { key: string; response: ServerResponse }[]
let folder: ReturnType<typeof openFolder>
let started: Running[] = []

beforeEach(async () => {
  calls = []
  target = createServer((request, response) => {
    calls.push({ key: String(request.headers['idempotency-key']), response })
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`
  folder = openFolder({
    'connections/target.yaml': `apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: { name: target, annotations: { sluse/max-concurrent: '1' } }
spec: { baseUrl: '${url}' }
`,
    'pipelines/send.yaml': definition(
      'send',
      `  - send: { call: http, with: { method: post, endpoint: '${url}/in' } }`,
    ),
  })
})
afterEach(async () => {
  for (const running of started.splice(0)) {
    running.process.kill('SIGKILL')
    await running.done
  }
  target.closeAllConnections()
  await new Promise((resolve) => target.close(resolve))
  folder.remove()
})

async function serve(...words: string[]) {
  const running = folder.start(['serve', '--port', '0', '--output', 'json', ...words])
  started = [...started, running]
  const [, url = ''] = await running.until(/"url": "(http:[^"]+)"/)
  const start = async () => {
    const answer = await fetch(`${url}/api/v1/pipelines/test/send/runs`, { method: 'POST' })
    return { answer, id: ((await answer.json()) as { id: string }).id }
  }
  const status = async (id: string) =>
    ((await (await fetch(`${url}/api/v1/runs/${id}`)).json()) as { status: string }).status
  return { ...running, url, start, status }
}

const answer = (call: (typeof calls)[number] | undefined) =>
  call?.response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
const patient = { timeout: 30_000 }

describe('a server that is told to stop', () => {
  test('takes no more in, lets what is under way finish, and keeps what waits for the next start', async () => {
    const first = await serve()
    const underWay = await first.start()
    await expect.poll(() => calls.length, patient).toBe(1)
    const waiting = await first.start()

    first.process.kill('SIGTERM')
    await expect.poll(async () => (await fetch(`${first.url}/ready`)).status, patient).toBe(503)
    const { answer: refused } = await first.start()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await first.status(underWay.id)).toBe('running')
    answer(calls[0])
    expect((await first.done).code).toBe(0)
    expect(calls).toHaveLength(1)

    const second = await serve()
    expect(await second.status(underWay.id)).toBe('completed')
    await expect.poll(() => calls.length, patient).toBe(2)
    answer(calls[1])
    await expect.poll(async () => second.status(waiting.id), patient).toBe('completed')
    expect(new Set(calls.map(({ key }) => key)).size).toBe(2)
  })

  test('interrupts what takes longer than the grace period, and makes the call again with the same key', async () => {
    const first = await serve('--stop-grace', '300ms')
    const { id } = await first.start()
    await expect.poll(() => calls.length, patient).toBe(1)
    first.process.kill('SIGTERM')
    expect((await first.done).code).toBe(0)

    const second = await serve()
    await expect.poll(() => calls.length, patient).toBe(2)
    answer(calls[1])
    await expect.poll(async () => second.status(id), patient).toBe('completed')
    expect(calls[1]?.key).toBe(calls[0]?.key)
  })
})
