import { commitIf, type Database } from '../../database/index.ts'
import type { Clock } from '../../engines/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { NoticeContent } from '../notices.ts'

/** Sends one notice. Rejects where that failed; `id` is the same each time it is tried. */
export type Channel = (notice: { id: string; recipient: string; content: NoticeContent }) => Promise<void>

export interface OutboxOptions {
  readonly database: Database
  readonly clock: Clock
  readonly channels: { readonly email?: Channel; readonly webhook?: Channel }
  readonly log: (level: 'info' | 'warn' | 'error', message: string, data?: { [key: string]: Json }) => void
}

export interface Outbox {
  /** There may be something to send. */
  wake(): void
  close(): Promise<void>
}

const atOnce = 20
const firstPause = 30_000
const longestPause = 3_600_000
/** For so long a notice belongs to whoever sends it; after that, its sender has died. */
const claimMs = 120_000
/** How often it is looked for what another process has left. */
const lookMs = 30_000
/** About two days, at the longest pause. */
const mostAttempts = 55

/**
 * Sends what is in the outbox, at least once: a notice is marked as sent after it was, so that a crash in between sends
 * it again. What fails is tried again, ever less often, and given up after two days; then it says why in its row.
 */
export function openOutbox({ database, clock, channels, log }: OutboxOptions): Outbox {
  let stop = () => {}
  let closed = false
  let working: Promise<void> | undefined
  let again = false

  /** Whether it is ours to send: another process on the same database may have been faster. */
  const claim = ({ number, due_at: due }: NotificationRow) => {
    const sql = 'UPDATE notifications SET due_at = ? WHERE number = ? AND due_at = ?'
    return commitIf(database, [{ sql, parameters: [clock.now() + claimMs, number, due], expect: 1 }])
  }

  const send = async (row: NotificationRow): Promise<void> => {
    if (!(await claim(row))) return
    const channel = row.channel === 'email' ? channels.email : channels.webhook
    const content = JSON.parse(row.content) as NoticeContent
    try {
      if (!channel) throw new Error(`Nothing is set up for ${row.channel}.`)
      await channel({ id: row.id, recipient: row.recipient, content })
    } catch (error) {
      return failed(row, error)
    }
    await database.commit([
      {
        sql: 'UPDATE notifications SET sent_at = ?, due_at = NULL, error = NULL, attempts = attempts + 1 WHERE number = ?',
        parameters: [clock.now(), row.number],
      },
    ])
  }

  const failed = async (row: NotificationRow, error: unknown): Promise<void> => {
    const message = error instanceof Error ? error.message.slice(0, 500) : String(error)
    const attempts = row.attempts + 1
    const pause = Math.min(firstPause * 2 ** Math.min(row.attempts, 10), longestPause)
    const due = attempts >= mostAttempts ? null : clock.now() + pause
    await database.commit([
      {
        sql: 'UPDATE notifications SET attempts = ?, due_at = ?, error = ? WHERE number = ?',
        parameters: [attempts, due, message, row.number],
      },
    ])
    log(due === null ? 'error' : 'warn', 'A notice could not be sent.', {
      notice: row.id,
      attempts,
      error: message,
      givenUp: due === null,
    })
  }

  const run = async () => {
    for (;;) {
      again = false
      const rows = await database.query<NotificationRow>(
        `SELECT number, id, channel, recipient, content, attempts, due_at FROM notifications
         WHERE due_at <= ? ORDER BY due_at, number LIMIT ?`,
        [clock.now(), atOnce],
      )
      if (closed) return
      if (rows.length > 0) {
        await Promise.all(rows.map(send))
        continue
      }
      if (again) continue
      const [next] = await database.query<{ due: number | null }>(
        'SELECT min(due_at) AS due FROM notifications',
      )
      stop()
      const due = next?.due ?? undefined
      if (due !== undefined && !closed) stop = clock.wakeAt(due, wake)
      return
    }
  }

  const wake = () => {
    if (closed) return
    again = true
    working ??= run()
      .catch((error: unknown) => {
        if (!closed) log('error', 'The outbox cannot be read.', { error: String(error) })
      })
      .finally(() => {
        working = undefined
        if (again && !closed) wake()
      })
  }

  const looking = setInterval(wake, lookMs)
  looking.unref()
  wake()
  return {
    wake,
    close: async () => {
      closed = true
      clearInterval(looking)
      stop()
      await working
    },
  }
}

type NotificationRow = {
  number: number
  id: string
  channel: string
  recipient: string
  content: string
  attempts: number
  due_at: number
}
