import { ProxyAgent, request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Internet, openInternet } from './index.ts'

let internet: Internet
let dispatcher: ProxyAgent
beforeAll(async () => {
  internet = await openInternet({
    'petstore.example': ({ method, path, query, json }) =>
      path === '/pet' ? { body: { method, q: query.get('q'), json: json ?? null } } : undefined,
  })
  dispatcher = new ProxyAgent({
    uri: internet.environment['HTTPS_PROXY'] as string,
    requestTls: { ca: internet.authority },
  })
})
afterAll(async () => {
  await dispatcher.close()
  await internet.close()
})

test.each(['http', 'https'])('a known host answers over %s', async (scheme) => {
  const answer = await request(`${scheme}://petstore.example/pet?q=1`, {
    method: 'POST',
    body: '{"a":1}',
    dispatcher,
  })
  expect(await answer.body.json()).toEqual({ method: 'POST', q: '1', json: { a: 1 } })
})

test('a path that the host does not have is a 404', async () => {
  const answer = await request('https://petstore.example/none', { dispatcher })
  expect(answer.statusCode).toBe(404)
  await answer.body.dump()
})

test('a host that was not put up cannot be reached', async () => {
  await expect(request('https://elsewhere.example/', { dispatcher })).rejects.toThrow()
})

test('who does not trust the authority is refused by itself', async () => {
  const distrusting = new ProxyAgent({ uri: internet.environment['HTTPS_PROXY'] as string })
  await expect(request('https://petstore.example/pet', { dispatcher: distrusting })).rejects.toThrow(
    /certificate/i,
  )
  await distrusting.close()
})
