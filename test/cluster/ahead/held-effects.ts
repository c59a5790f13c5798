import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Json } from '../../../src/workflow/index.ts'

export type HeldEffects = Awaited<ReturnType<typeof openHeldEffects>>

/**
 * The system that effects are carried out on, `<url>/<case>/<effect>`. It adds the effect, and how often that was asked
 * for, to the list that it is given; those that are held are answered when the test says so.
 */
export async function openHeldEffects() {
  const holding = new Set<string>()
  const calls: { readonly effect: string; readonly key: string; answer(value?: Json): void }[] = []
  const of = (effect: string) => calls.filter((call) => call.effect === effect)

  const server = createServer((request, response) => {
    const receive = async () => {
      const before = (await json(request)) as Json
      const effect = decodeURI(String(request.url)).slice(1)
      const name = `${effect.split('/')[1]} ${of(effect).length + 1}`
      const own = [...(Array.isArray(before) ? before : []), name]
      const answer = (value: Json = own) => void response.end(JSON.stringify(value))
      calls.push({ effect, key: String(request.headers['idempotency-key']), answer })
      if (!holding.has(effect)) answer()
    }
    // Whoever asked may have been killed meanwhile.
    receive().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How often it was asked for. */
    times: (effect: string) => of(effect).length,
    /** The idempotency keys that it came with. */
    keys: (effect: string) => new Set(of(effect).map(({ key }) => key)),
    /** Resolves with the answer to give, once it was asked for so often. */
    async asked(effect: string, times = 1): Promise<(value?: Json) => void> {
      while (of(effect).length < times) await new Promise((resolve) => setTimeout(resolve, 20))
      return of(effect)[times - 1]?.answer ?? (() => {})
    },
    hold: (effect: string) => void holding.add(effect),
    /** From here on it is answered at once; what waits already is not. */
    release: (effect: string) => void holding.delete(effect),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
