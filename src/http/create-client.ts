import { Agent, request } from 'undici'
import { fault } from '../workflow/index.ts'
import type { HttpClient, HttpSettings } from './client.ts'

export function createHttpClient(settings: HttpSettings = {}): HttpClient {
  const agent = new Agent({ connections: settings.connectionsPerOrigin ?? 32 })
  return {
    async send(sent, access) {
      const headers = Object.fromEntries(
        Object.entries(sent.headers ?? {}).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : [...value],
        ]),
      )
      const answer = await request(sent.uri, {
        method: sent.method,
        headers,
        body: sent.body ?? null,
        dispatcher: agent,
        signal: access.signal,
      })
      const body = new Uint8Array(await answer.body.arrayBuffer())
      if (answer.statusCode >= 300 && !sent.anyStatus) {
        throw fault('communication', 'The service refused the request.', { status: answer.statusCode })
      }
      return {
        status: answer.statusCode,
        statusText: answer.statusText,
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
        ),
        request: { method: sent.method, uri: sent.uri, headers: {} },
        body,
        bytes: body.length,
      }
    },
    async authorize() {
      throw fault('configuration', 'No authentication scheme is known.')
    },
    close: () => agent.close(),
  }
}
