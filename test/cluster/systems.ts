import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/**
 * The systems that pipelines of an installation call: one that does each thing once for each idempotency key and
 * answers the same again, and one with records by their id.
 */
export async function openSystems() {
  /** When each key was asked for, and what it was first asked. */
  const effects = new Map<string, { at: number[]; body: string }>()
  const recorded = new Set<string>()
  const again: string[] = []
  const differing: string[] = []
  const records = new Map<string, string>()
  const state = { lastAt: 0 }

  const server = createServer((request, response) => {
    const answer = async () => {
      const body = (await json(request)) as { id?: number; value?: unknown }
      const text = JSON.stringify(body)
      // As long as a system takes that is not in the same room; an effect now and then longer than a run may set out for.
      const most = request.method === 'POST' && Math.random() < 0.05 ? 1800 : 15
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * most))
      if (request.method === 'PUT') records.set(String(request.url), text)
      else effect(String(request.headers['idempotency-key']), text)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body.value ?? null))
    }
    // Whoever asked may have been killed meanwhile.
    answer().catch(() => response.destroy())
  })
  const effect = (key: string, text: string) => {
    const known = effects.get(key)
    if (recorded.has(key)) again.push(key)
    if (known && known.body !== text) differing.push(key)
    state.lastAt = Date.now()
    if (known) known.at.push(state.lastAt)
    else effects.set(key, { at: [state.lastAt], body: text })
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    effects,
    /** Keys that were first asked for at `time` or later, and again after that; each with when it was, from `time` on. */
    repeatedSince(time: number): { [key: string]: number[] } {
      const repeated = [...effects].filter(([, { at }]) => at.length > 1 && (at[0] as number) >= time)
      return Object.fromEntries(repeated.map(([key, { at }]) => [key, at.map((each) => each - time)]))
    },
    /** Keys whose result stands in the journal: they must not come again. */
    recorded,
    /** Those that did. */
    again,
    /** Keys that came with another body than at first. */
    differing,
    /** By path, as they were last put. */
    records,
    /** When an effect was last asked for. */
    get lastAt() {
      return state.lastAt
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
