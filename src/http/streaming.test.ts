import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpClient } from './index.ts'
import { faultOf, noAccess, serve, type TestServer } from './testing/index.ts'

let server: TestServer | undefined
afterEach(() => server?.close())

describe('an answer that is taken as it comes', () => {
  it('is handed over piece by piece with its headers, and outlives the time for an exchange', async () => {
    server = await serve(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      for (const part of ['one ', 'two ', 'three']) {
        response.write(part)
        await delay(150)
      }
      response.end()
    })
    const client = createHttpClient({ totalTimeoutMs: 200, bodyTimeoutMs: 100, maxResponseBytes: 5 })
    let text = ''
    let type: string | undefined
    const answer = await client.send(
      {
        method: 'GET',
        uri: server.origin,
        onChunk: (chunk, headers) => {
          text += Buffer.from(chunk).toString()
          type = headers['content-type']
        },
      },
      noAccess(),
    )
    expect([text, type, answer.bytes, answer.body.length]).toEqual(['one two three', 'text/plain', 13, 0])
    await client.close()
  })

  it('ends with its signal', async () => {
    server = await serve((_, response) => void response.write('x'))
    const client = createHttpClient()
    const controller = new AbortController()
    const sending = client.send(
      { method: 'GET', uri: server.origin, onChunk: () => controller.abort(new Error('enough')) },
      { secrets: {}, signal: controller.signal },
    )
    await expect(sending).rejects.toThrow('enough')
    await client.close()
  })

  it('that is a refusal is a fault as ever, and nothing is handed over', async () => {
    server = await serve((_, response) => void response.writeHead(403).end('no'))
    const client = createHttpClient()
    const chunks: Uint8Array[] = []
    const request = {
      method: 'GET',
      uri: server.origin,
      onChunk: (chunk: Uint8Array) => void chunks.push(chunk),
    }
    expect(await faultOf(client.send(request, noAccess()))).toMatchObject({ status: 403 })
    expect(chunks).toEqual([])
    await client.close()
  })
})
