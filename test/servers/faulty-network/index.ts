import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the network does to a request. `dead`: to every request, until the target is revived. */
export const faults = ['drop', 'delay', 'reset', 'cut', '500', '429', '503', 'dead'] as const
export type Fault = (typeof faults)[number]

/** Every fifth request meets its fault: on the way there, or, each second time, on the way back. */
const everyNth = 5
/** Longer than the timeout of any policy that is tested with it. */
const delayMs = 4000

/**
 * A network that does to the requests below `/<fault>/` what their address says, and behind it a target that takes
 * each delivery once, by its `Idempotency-Key`.
 */
export interface FaultyNetwork {
  readonly url: string
  /** How often each fault's address was called. */
  readonly requests: { readonly [F in Fault]: number }
  /** What the target took, by fault: how often each delivery came, by its key. */
  readonly taken: { readonly [F in Fault]: ReadonlyMap<string, { body: string; times: number }> }
  /** What was dead lives. */
  revive(): void
  close(): Promise<void>
}

export async function openFaultyNetwork(): Promise<FaultyNetwork> {
  const requests = Object.fromEntries(faults.map((fault) => [fault, 0])) as { [F in Fault]: number }
  const taken = Object.fromEntries(faults.map((fault) => [fault, new Map()])) as unknown as {
    [F in Fault]: Map<string, { body: string; times: number }>
  }
  const timers = new Set<NodeJS.Timeout>()
  let dead = true

  const take = (fault: Fault, request: IncomingMessage, body: string) => {
    const key = String(request.headers['idempotency-key'])
    const known = taken[fault].get(key)
    if (known) known.times += 1
    else taken[fault].set(key, { body, times: 1 })
  }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const fault = faults.find((each) => request.url?.startsWith(`/${each}/`))
    if (!fault) return void response.writeHead(404).end()
    const body = await textOf(request)
    const number = ++requests[fault]
    const faulty = fault === 'dead' ? dead : number % everyNth === 0
    if (!faulty) {
      take(fault, request, body)
      return answer(response)
    }
    // On the way back: the target took it, and whoever sent it does not know.
    if (fault !== 'dead' && number % (everyNth * 2) === 0) take(fault, request, body)
    switch (fault) {
      case 'drop':
        return
      case 'delay': {
        const timer = setTimeout(() => {
          timers.delete(timer)
          answer(response)
        }, delayMs)
        return void timers.add(timer)
      }
      case 'reset':
      case 'dead':
        return void request.socket.resetAndDestroy()
      case 'cut':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
        return void response.write('{"taken":', () => request.socket.destroy())
      case '429':
        // A second is the least that the header can say: a few times are enough to see that it is heeded.
        return void response.writeHead(429, number <= everyNth * 2 ? { 'retry-after': '1' } : {}).end('{}')
      case '500':
      case '503':
        return void response.writeHead(Number(fault)).end('{}')
    }
  }

  const server: Server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    taken,
    revive: () => {
      dead = false
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"taken":true}')
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
