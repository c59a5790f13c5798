import type { Log } from '../config/index.ts'
import { hasCode, SluseError } from '../errors.ts'

export interface Patience {
  readonly log: Log
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal
  /** Answers for this process while it waits. */
  readonly openRoom: () => Promise<{ close(): Promise<void> }>
}

const firstPause = 500
const longestPause = 5000
/** While it goes on: a night is long. */
const tellEvery = 600_000

/**
 * Opens what needs the database; where that is away, as soon as it is there. What waiting does not mend is thrown at once.
 * `undefined` where nobody waits any more.
 */
export async function openPatiently<T>(open: () => Promise<T>, patience: Patience): Promise<T | undefined> {
  const { log, signal, openRoom } = patience
  const since = Date.now()
  let room: Awaited<ReturnType<Patience['openRoom']>> | undefined
  let told = { why: '', at: -Infinity }
  try {
    for (let pause = firstPause; !signal.aborted; pause = Math.min(pause * 1.5, longestPause)) {
      try {
        const opened = await open()
        const awayFor = `${Math.round((Date.now() - since) / 1000)} s`
        if (room) log('info', 'The database is there.', { awayFor })
        return opened
      } catch (error) {
        if (!hasCode(error, 'SLUSE-STORE-UNREACHABLE')) throw error
        room ??= await openRoom()
        const why = error instanceof SluseError ? error.detail : ''
        if (why !== told.why || Date.now() - told.at > tellEvery) {
          told = { why, at: Date.now() }
          const at = new Date(since).toISOString()
          log('warn', 'The database is not there yet: waiting for it.', { why, since: at })
        }
      }
      await paused(pause, signal)
    }
    return undefined
  } finally {
    await room?.close()
  }
}

function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
