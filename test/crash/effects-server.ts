import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** What effects are carried out on: counts them by their idempotency key, and notes those that must not come again. */
export async function openEffects() {
  const counts = new Map<string, number>()
  const recorded = new Set<string>()
  const again: string[] = []
  const server = createServer((request, response) => {
    const key = String(request.headers['idempotency-key'])
    counts.set(key, (counts.get(key) ?? 0) + 1)
    if (recorded.has(key)) again.push(key)
    const answer = async () => {
      const { flaky = 0, value } = (await json(request)) as { flaky?: number; value: unknown }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 15))
      const attempt = Number(/try\[(\d+)\]/.exec(key)?.[1] ?? 0)
      response.writeHead(attempt < flaky ? 503 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    // Whoever asked may have been killed meanwhile.
    answer().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    /** The keys of effects whose result stands in a journal. */
    recorded,
    again,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
