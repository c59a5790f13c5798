import { fault } from '../../../workflow/index.ts'
import type { Arrival, Feed } from './protocol.ts'

/** Most messages that wait to be taken, and most bytes of them. */
const most = 10_000
const mostBytes = 50_000_000

/** Messages that come when they want to, in the order in which they are to be taken: first in, first out. */
export interface Inbox extends Pick<Feed, 'next'> {
  /** `bytes` is how much memory it takes. */
  push(arrival: Arrival, bytes: number): void
  /** None will come any more: `next` gives what is there, then `undefined`, or rejects with `error`. */
  end(error?: unknown): void
}

export function createInbox(what: string): Inbox {
  const waiting: { arrival: Arrival; bytes: number }[] = []
  let held = 0
  let ended: { error?: unknown } | undefined
  let wake: () => void = () => {}

  return {
    push(arrival, bytes) {
      if (ended) return
      waiting.push({ arrival, bytes })
      held += bytes
      if (waiting.length > most || held > mostBytes) {
        const count = waiting.splice(0).length
        ended = {
          error: fault(
            'runtime',
            `${what}: ${count} messages of ${held} bytes came that were not taken yet.`,
          ),
        }
      }
      wake()
    },
    end(error) {
      ended ??= error === undefined ? {} : { error }
      wake()
    },
    async next(signal) {
      for (;;) {
        signal.throwIfAborted()
        const first = waiting.shift()
        if (first) {
          held -= first.bytes
          return first.arrival
        }
        if (ended && 'error' in ended) throw ended.error
        if (ended) return undefined
        await new Promise<void>((resolve) => {
          const done = () => {
            signal.removeEventListener('abort', done)
            wake = () => {}
            resolve()
          }
          wake = done
          signal.addEventListener('abort', done)
        })
      }
    },
  }
}
