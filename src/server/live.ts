import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Principal } from '../access/index.ts'
import type { App } from '../app.ts'
import { SluseError } from '../errors.ts'
import type { FeedEvent, Subscription } from '../history/index.ts'
import { abortWith } from '../joined.ts'

/** Live connections at the same time; each costs memory and a reader of the feed. */
const mostConnections = 500
const heartbeatMs = 15_000

/** An event as it is sent. */
export type MessageOf = (event: FeedEvent) => string

/** Lifecycle events as server-sent events (HTML, "Server-sent events"); the id of each is its cursor. */
export interface Live {
  /** `gone` aborts when the client hangs up. Throws `SLUSE-CLOSING` where there are too many. */
  open(subscription: Omit<Subscription, 'signal'>, gone: AbortSignal, message?: MessageOf): Readable
  readonly connections: number
}

export function openLive(app: App, stopping: AbortSignal): Live {
  const all = new Set<AbortController>()
  stopping.addEventListener('abort', () => {
    for (const each of all) each.abort()
  })
  return {
    get connections() {
      return all.size
    },
    open: (subscription, gone, message = lifecycleMessage) => {
      if (all.size >= mostConnections) {
        throw new SluseError('SLUSE-CLOSING', 'There are too many live connections.')
      }
      const one = new AbortController()
      const { signal } = one
      all.add(one)
      signal.addEventListener('abort', () => all.delete(one), { once: true })
      abortWith(one, gone)
      if (stopping.aborted) one.abort()
      const events = app.history.subscribe({ ...subscription, signal })
      return Readable.from(withHeartbeat(events, signal, message), {
        objectMode: false,
        highWaterMark: 65_536,
      })
    },
  }
}

/** A comment now and then keeps proxies from closing a quiet connection, and shows a client that is gone. */
async function* withHeartbeat(
  events: AsyncIterable<FeedEvent>,
  signal: AbortSignal,
  message: MessageOf,
): AsyncGenerator<string> {
  yield 'retry: 2000\n\n'
  const iterator = events[Symbol.asyncIterator]()
  let pending = iterator.next()
  const over = new Promise<'over'>((resolve) => {
    if (signal.aborted) resolve('over')
    signal.addEventListener('abort', () => resolve('over'), { once: true })
  })
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined
      const quiet = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), heartbeatMs).unref()
      })
      const result = await Promise.race([over, pending, quiet])
      clearTimeout(timer)
      if (result === 'over') return
      if (result === undefined) yield ': alive\n\n'
      else if (result.done) return
      else {
        pending = iterator.next()
        yield message(result.value)
      }
    }
  } finally {
    pending.catch(() => {})
    void iterator.return?.()
  }
}

function lifecycleMessage({ cursor, event }: FeedEvent): string {
  return `id: ${cursor}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

/** Only which run, and what: nothing of its data. */
export function changeMessage({ cursor, run, event }: FeedEvent): string {
  const kind = event.type.replace(/^io\.serverlessworkflow\.|\.v1$/g, '')
  return `id: ${cursor}\ndata: ${JSON.stringify({ kind, run })}\n\n`
}

/** Aborts when the client of a request hangs up, and when the session or key ends by which it was let in. */
export function hangUp(request: IncomingMessage, { expiresAt }: Principal): AbortSignal {
  const gone = new AbortController()
  request.socket.once('close', () => gone.abort())
  if (expiresAt !== undefined) {
    const left = Math.min(Math.max(expiresAt - Date.now(), 0), longestTimerMs)
    const timer = setTimeout(() => gone.abort(), left).unref()
    gone.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }
  return gone.signal
}

const longestTimerMs = 2 ** 31 - 1
