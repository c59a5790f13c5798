import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '../http/index.ts'
import { Guard, readResiliency } from '../resilience/index.ts'
import { classifyCall, guardedBy, guardedHttp } from './guarded.ts'

let server: Server | undefined
let requests = 0

/** A target that answers with these statuses in turn, the last one for ever. */
async function target(statuses: number[], headers: Record<string, string> = {}): Promise<string> {
  requests = 0
  server = createServer((_request, response) => {
    const status = statuses[Math.min(requests++, statuses.length - 1)] ?? 200
    response.writeHead(status, status === 200 ? {} : headers).end('{}')
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

function client(spec: object) {
  const { policies, complaints } = readResiliency({ spec: { policies: spec, targets: {} } })
  expect(complaints).toEqual([])
  const guard = new Guard({
    policies: [policies],
    classify: classifyCall,
    random: () => 0.5,
    longestWaitMs: 1000,
  })
  return guardedHttp(createHttpClient(), guardedBy(guard, { attempt: 0 }))
}

const quick = { retries: { DefaultRetryPolicy: { duration: '1ms', maxRetries: 2 } } }
const access = { secrets: {}, signal: new AbortController().signal }

afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))))

describe('a call under a policy', () => {
  it('is repeated while the target is down', async () => {
    const uri = await target([503, 503, 200])
    const answer = await client(quick).send({ method: 'GET', uri }, access)
    expect([answer.status, requests]).toEqual([200, 3])
  })

  it('is given up after the retries allowed, with the fault of the last', async () => {
    const uri = await target([503])
    const sent = client(quick).send({ method: 'GET', uri }, access)
    await expect(sent).rejects.toMatchObject({ problem: { status: 503 } })
    expect(requests).toBe(3)
  })

  it('is not repeated where the request itself is wrong', async () => {
    const uri = await target([404])
    await expect(client(quick).send({ method: 'GET', uri }, access)).rejects.toMatchObject({
      problem: { status: 404 },
    })
    expect(requests).toBe(1)
  })

  it('is repeated for a POST only with a key by which the target can tell', async () => {
    const uri = await target([503])
    const headers = { 'Idempotency-Key': 'one' }
    await expect(client(quick).send({ method: 'POST', uri }, access)).rejects.toBeDefined()
    expect(requests).toBe(1)
    await expect(client(quick).send({ method: 'POST', uri, headers }, access)).rejects.toBeDefined()
    expect(requests).toBe(4)
  })

  it('ends with a timeout fault when the target does not answer in time', async () => {
    server = createServer(() => {})
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const policy = {
      timeouts: { DefaultTimeoutPolicy: '50ms' },
      retries: { DefaultRetryPolicy: { maxRetries: 0 } },
    }
    await expect(client(policy).send({ method: 'GET', uri }, access)).rejects.toMatchObject({
      problem: { status: 408, detail: expect.stringContaining('50 ms') as string },
    })
    server.closeAllConnections()
  })

  it('is put off when the target asks to be left alone for long', async () => {
    const uri = await target([429], { 'retry-after': '60' })
    const sent = client(quick).send({ method: 'GET', uri }, access)
    await expect(sent).rejects.toMatchObject({ code: 'SLUSE-POSTPONED', attempt: 1 })
    expect(requests).toBe(1)
  })
})
