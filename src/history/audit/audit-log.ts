import type { Database, Row, SqlValue, Statement } from '../../database/index.ts'
import { canonical, type AuditEntry, type AuditRecord } from './entry.ts'

export interface AuditLog {
  /** Statements that append the entry, to be written in one transaction with what it tells. */
  entry(entry: Omit<AuditEntry, 'at'>): Statement[]
  /** Appends the entry; resolves once it is durable. */
  write(entry: Omit<AuditEntry, 'at'>): Promise<void>
  list(query?: AuditQuery): Promise<AuditPage>
  /** All of it in order, a page at a time. */
  all(query?: Pick<AuditQuery, 'from' | 'to'>): AsyncIterable<AuditRecord>
}

export interface AuditQuery {
  subject?: string
  action?: string
  resource?: string
  namespace?: string
  /** Entries at or after this, ISO 8601. */
  from?: string
  /** Entries before this, ISO 8601. */
  to?: string
  /** `AuditPage.next` of the page before. */
  cursor?: string
  /** 1 to 500, default 100. */
  limit?: number
}

export interface AuditPage {
  /** Newest first. */
  entries: AuditRecord[]
  next?: string
}

const append = `INSERT INTO audit (number, hash, at, subject, action, resource, namespace, outcome, entry)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const last = 'SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1'
const moveHead: Statement = {
  sql: `INSERT INTO audit_head (one, number, hash) SELECT 1, number, hash FROM audit ORDER BY number DESC LIMIT 1
    ON CONFLICT (one) DO UPDATE SET number = excluded.number, hash = excluded.hash`,
  parameters: [],
}

/** The audit log in this database. `now` is in milliseconds since 1970, UTC. */
export function openAuditLog(database: Database, now: () => number): AuditLog {
  const statements = (entry: Omit<AuditEntry, 'at'>): Statement[] => {
    const at = now()
    const text = canonical({ ...entry, at: new Date(at).toISOString() })
    const { who, action, resource, namespace, outcome } = entry
    const parameters = [at, who.subject, action, resource, namespace ?? null, outcome, text]
    return [{ sql: append, parameters, chain: { last, text } }, moveHead]
  }
  return {
    entry: statements,
    write: gathering(database, statements),
    list: (query = {}) => list(database, query),
    all: (query = {}) => all(database, query),
  }
}

/** Entries that come while some are on their way to the disk share the next commit. */
function gathering(database: Database, statements: (entry: Omit<AuditEntry, 'at'>) => Statement[]) {
  let waiting: Statement[] = []
  let next: Promise<void> | undefined
  let writing: Promise<unknown> = Promise.resolve()
  return (entry: Omit<AuditEntry, 'at'>): Promise<void> => {
    waiting.push(...statements(entry))
    next ??= writing.then(() => {
      const due = waiting
      waiting = []
      next = undefined
      const written = database.commit(due)
      writing = written.catch(() => {})
      return written
    })
    return next
  }
}

type AuditRow = { number: number; hash: string; entry: string }

const columns = 'SELECT number, hash, entry FROM audit'

async function list(database: Database, query: AuditQuery): Promise<AuditPage> {
  const { where, parameters } = conditionsOf(query)
  const limit = Math.min(Math.max(Math.trunc(query.limit ?? 100), 1), 500)
  const rows = await database.query<AuditRow>(`${columns}${where} ORDER BY number DESC LIMIT ?`, [
    ...parameters,
    limit + 1,
  ])
  const entries = rows.slice(0, limit).map(recordOf)
  const end = rows.length > limit ? entries.at(-1) : undefined
  return { entries, ...(end && { next: String(end.number) }) }
}

const rowsAtOnce = 500

async function* all(database: Database, query: AuditQuery): AsyncIterable<AuditRecord> {
  const { where, parameters } = conditionsOf(query)
  const and = where === '' ? ' WHERE' : `${where} AND`
  for (let after = 0; ;) {
    const rows = await database.query<AuditRow>(`${columns}${and} number > ? ORDER BY number LIMIT ?`, [
      ...parameters,
      after,
      rowsAtOnce,
    ])
    for (const row of rows) yield recordOf(row)
    const end = rows.at(-1)
    if (!end || rows.length < rowsAtOnce) return
    after = end.number
  }
}

function conditionsOf(query: AuditQuery): { where: string; parameters: SqlValue[] } {
  const conditions: [string, SqlValue][] = []
  for (const name of ['subject', 'action', 'resource', 'namespace'] as const) {
    const value = query[name]
    if (value !== undefined) conditions.push([`${name} = ?`, value])
  }
  // A time or a cursor that cannot be read finds nothing rather than everything.
  const number = (text: string, value: number) => (Number.isNaN(value) || text === '' ? -1 : value)
  if (query.from !== undefined) conditions.push(['at >= ?', number(query.from, Date.parse(query.from))])
  if (query.to !== undefined) conditions.push(['at < ?', number(query.to, Date.parse(query.to))])
  if (query.cursor !== undefined) conditions.push(['number < ?', number(query.cursor, Number(query.cursor))])
  return {
    where: conditions.length > 0 ? ` WHERE ${conditions.map(([sql]) => sql).join(' AND ')}` : '',
    parameters: conditions.map(([, value]) => value),
  }
}

function recordOf({ number, hash, entry }: AuditRow & Row): AuditRecord {
  return { number, hash, ...(JSON.parse(entry) as AuditEntry) }
}
