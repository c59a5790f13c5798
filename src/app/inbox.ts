import type { Database, SqlValue } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { CloudEvent } from '../workflow/index.ts'

/** Reads the events that were accepted, from outside and from runs. */
export interface Inbox {
  /** Newest first. */
  list(query?: InboxQuery): Promise<InboxPage>
  /** Those with these cursors, as far as they are kept; at most 1000. */
  get(cursors: readonly string[]): Promise<readonly InboxEntry[]>
  /** Those that came after `cursor`, oldest first; at most 1000. */
  after(cursor: string): Promise<readonly InboxEntry[]>
  /** The cursor of the newest. */
  newest(): Promise<string>
}

export interface InboxQuery {
  type?: string
  source?: string
  /** `InboxPage.next` of the page before. */
  cursor?: string
  /** 1 to 500, default 50. */
  limit?: number
}

export interface InboxPage {
  events: readonly InboxEntry[]
  next?: string
}

export interface InboxEntry {
  cursor: string
  /** ISO 8601. */
  receivedAt: string
  /** Whether a run or a schedule took it. */
  consumed: boolean
  event: CloudEvent
}

type EventRow = { seq: number; received_at: number; consumed: number; data: string }

const columns = 'SELECT seq, received_at, consumed, data FROM inbox'

export function openInbox(database: Database): Inbox {
  const read = async (sql: string, parameters: readonly SqlValue[]) =>
    (await database.query<EventRow>(sql, parameters)).map(entryOf)
  return {
    list: async ({ type, source, cursor, limit = 50 } = {}) => {
      const conditions: [string, SqlValue][] = []
      if (cursor !== undefined) conditions.push(['seq < ?', position(cursor)])
      if (type !== undefined) conditions.push(['type = ?', type])
      if (source !== undefined) conditions.push(['source = ?', source])
      const where = conditions.length > 0 ? ` WHERE ${conditions.map(([sql]) => sql).join(' AND ')}` : ''
      const events = await read(`${columns}${where} ORDER BY seq DESC LIMIT ?`, [
        ...conditions.map(([, value]) => value),
        limit + 1,
      ])
      const page = events.slice(0, limit)
      const last = events.length > limit ? page.at(-1) : undefined
      return { events: page, ...(last && { next: last.cursor }) }
    },
    get: async (cursors) => {
      const wanted = cursors.slice(0, 1000).map(position)
      if (wanted.length === 0) return []
      return read(`${columns} WHERE seq IN (${wanted.map(() => '?').join(', ')}) ORDER BY seq`, wanted)
    },
    after: (cursor) => read(`${columns} WHERE seq > ? ORDER BY seq LIMIT 1000`, [position(cursor)]),
    newest: async () => {
      const [row] = await database.query<{ seq: number | null }>('SELECT max(seq) AS seq FROM inbox')
      return String(row?.seq ?? 0)
    },
  }
}

/** A secret in an event that a run emitted is a mark in the store; nobody is shown more than that there was one. */
const anyMark = /⟦[^|⟧]*\|[^|⟧]*\|[^|⟧]*⟧/g

function entryOf({ seq, received_at, consumed, data }: EventRow): InboxEntry {
  const event = JSON.parse(data.replace(anyMark, '•••')) as CloudEvent
  return {
    cursor: String(seq),
    receivedAt: new Date(received_at).toISOString(),
    consumed: consumed !== 0,
    event,
  }
}

function position(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new SluseError('SLUSE-REQUEST', 'The cursor is none that was given.')
  return Number(cursor)
}
