import type { Database, Row, SqlValue } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { CloudEvent } from '../workflow/index.ts'
import { decodeRow, type FeedItem } from './feed.ts'
import type { Workflow } from '../workflow/definition/index.ts'
import type {
  ConsumedEvents,
  FeedEvent,
  History,
  PinnedDefinition,
  RunPage,
  RunQuery,
  RunSummary,
  Subscription,
  TaskRecord,
  Timeline,
} from './history.ts'
import { lifecycleEvent, type RunIdentity } from './lifecycle-event.ts'
import { concealed } from './marks.ts'
import { runQuery, toSummary, toWait, type WaitRow } from './run-query.ts'
import { timelineOf } from './timeline.ts'

/** Reads the feed of this database: what every engine that writes there has told. */
export function openHistory(database: Database): History {
  return {
    runs: (query) => listRuns(database, query ?? {}),
    run: (id) => oneRun(database, id),
    timeline: (id, options) => timeline(database, id, options?.values),
    task: (id, key) => oneTask(database, id, key),
    definition: (id) => definition(database, id),
    consumed: (id) => consumed(database, id),
    lifecycle: (id) => lifecycle(database, id),
    subscribe: (subscription) => subscribe(database, subscription ?? {}),
  }
}

async function listRuns(database: Database, query: RunQuery): Promise<RunPage> {
  const { sql, parameters, limit } = runQuery(query)
  const rows = await database.query<Row>(sql, parameters)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const next = rows.length > limit && last ? { next: String(last.number) } : {}
  return { runs: page.map(toSummary), ...next }
}

async function oneRun(database: Database, id: string): Promise<RunSummary> {
  const { sql, parameters } = runQuery({}, { id })
  const [row] = await database.query<Row>(sql, parameters)
  if (!row) throw new SluseError('SLUSE-RUN-NOT-FOUND', id)
  const summary = toSummary(row)
  if (summary.status !== 'waiting') return summary
  const waits = await database.query<WaitRow>(
    "SELECT key, kind, due, type, hint FROM waits WHERE run = ? AND kind <> 'cancel' ORDER BY number LIMIT 20",
    [row.number as number],
  )
  return { ...summary, waitsFor: waits.map(toWait) }
}

async function timeline(database: Database, id: string, values?: boolean): Promise<Timeline> {
  const run = await oneRun(database, id)
  const identity = await identify(database, id)
  const items: FeedItem[] = []
  for await (const { item } of itemsOf(database, identity)) items.push(item)
  return timelineOf(run, items, values)
}

async function oneTask(database: Database, id: string, key: string): Promise<TaskRecord> {
  const run = await oneRun(database, id)
  const items: FeedItem[] = []
  for await (const { item } of itemsOf(database, await identify(database, id))) {
    if (item.type === 'report' && 'key' in item.report && item.report.key === key) items.push(item)
  }
  const [task] = timelineOf(run, items).tasks
  if (!task) throw new SluseError('SLUSE-TASK-NOT-FOUND', `Asked for: ${key}.`)
  return task
}

/** More events than anybody reads; a loop over events may have taken any number. */
const mostConsumed = 1000

async function consumed(database: Database, id: string): Promise<ConsumedEvents> {
  const found: { key?: string; cursor: string }[] = []
  for await (const { item } of itemsOf(database, await identify(database, id))) {
    if (item.type === 'start') found.push(...(item.consumed ?? []).map((seq) => ({ cursor: String(seq) })))
    if ((item.type === 'result' || item.type === 'copy') && item.event !== undefined) {
      found.push({ key: item.key, cursor: String(item.event) })
    }
    if (found.length >= mostConsumed) break
  }
  return found.slice(0, mostConsumed)
}

async function definition(database: Database, id: string): Promise<PinnedDefinition> {
  const [row] = await database.query<Row>(
    `SELECT definitions.namespace, definitions.name, definitions.version, file, text, workflow
     FROM runs JOIN definitions ON definitions.digest = runs.digest WHERE runs.id = ?`,
    [id],
  )
  if (!row) throw new SluseError('SLUSE-RUN-NOT-FOUND', id)
  const { namespace, name, version, text, workflow, file } = row as { [column: string]: string }
  return {
    reference: { namespace: namespace ?? '', name: name ?? '', version: version ?? '' },
    text: text ?? '',
    workflow: JSON.parse(workflow ?? '{}') as Workflow,
    ...(typeof file === 'string' && { file }),
  }
}

async function* lifecycle(database: Database, id: string): AsyncIterable<CloudEvent> {
  const identity = await identify(database, id)
  for await (const { item, cursor } of itemsOf(database, identity)) {
    if (item.type === 'report') yield lifecycleEvent(identity, cursor, item.report, item.at)
  }
}

/** Rows of the journal read at a time: a long history never stands in memory whole. */
const rowsAtOnce = 500

async function* itemsOf(
  database: Database,
  run: RunIdentity,
): AsyncIterable<{ item: FeedItem; cursor: string }> {
  for (let after = 0; ;) {
    const rows = await database.query<{ seq: number; data: string }>(
      'SELECT seq, data FROM journal WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?',
      [run.number, after, rowsAtOnce],
    )
    for (const { seq, data } of rows) {
      for (const [index, item] of visible(data, run.nonce).entries())
        yield { item, cursor: `${seq}.${index}` }
    }
    const last = rows.at(-1)
    if (!last || rows.length < rowsAtOnce) return
    after = last.seq
  }
}

async function* subscribe(database: Database, subscription: Subscription): AsyncIterable<FeedEvent> {
  const { signal } = subscription
  let { seq, index } = await beginning(database, subscription.from)
  let woken = true
  let wake = () => {}
  const stopListening = database.onCommit(() => {
    woken = true
    wake()
  })
  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    while (!signal?.aborted) {
      // Asked for before reading: a commit during the read is not missed.
      woken = false
      const head = await newest(database)
      const { sql, parameters } = feedQuery(subscription, { seq, index }, head)
      const rows = await database.query<Row>(sql, parameters)
      for (const row of rows) {
        const run = identityOf(row)
        const after = row.seq === seq ? index : -1
        for (const [place, item] of visible(row.data as string, run.nonce).entries()) {
          if (signal?.aborted) return
          if (place <= after || item.type !== 'report') continue
          const cursor = `${row.seq}.${place}`
          yield { cursor, run: run.id, event: lifecycleEvent(run, cursor, item.report, item.at) }
        }
        seq = row.seq as number
        index = Number.MAX_SAFE_INTEGER
      }
      if (rows.length === rowsAtOnce) continue
      // What is not of this subscription need not be looked through again.
      if (head > seq) {
        seq = head
        index = Number.MAX_SAFE_INTEGER
      }
      if (woken) continue
      await new Promise<void>((resolve) => {
        wake = resolve
        if (woken || signal?.aborted) resolve()
      })
    }
  } finally {
    stopListening()
    signal?.removeEventListener('abort', onAbort)
  }
}

function feedQuery(subscription: Subscription, { seq, index }: { seq: number; index: number }, head: number) {
  const first = index === Number.MAX_SAFE_INTEGER ? 'journal.seq > ?' : 'journal.seq >= ?'
  const conditions = [first, 'journal.seq <= ?']
  const parameters: SqlValue[] = [seq, head]
  const filters = [
    ['runs.id', subscription.run],
    ['runs.namespace', subscription.namespace],
    ['runs.name', subscription.name],
  ] as const
  for (const [column, value] of filters) {
    if (value === undefined) continue
    conditions.push(`${column} = ?`)
    parameters.push(value)
  }
  if (subscription.namespaces) {
    conditions.push(`runs.namespace IN (${subscription.namespaces.map(() => '?').join(', ')})`)
    parameters.push(...subscription.namespaces)
  }
  const sql = `SELECT journal.seq, journal.data, ${identityColumns}
    FROM journal JOIN runs ON runs.number = journal.run
    WHERE ${conditions.join(' AND ')} ORDER BY journal.seq LIMIT ${rowsAtOnce}`
  return { sql, parameters }
}

async function beginning(
  database: Database,
  from: string | undefined,
): Promise<{ seq: number; index: number }> {
  const given = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(from ?? '')
  if (given)
    return {
      seq: Number(given[1]),
      index: given[2] === undefined ? Number.MAX_SAFE_INTEGER : Number(given[2]),
    }
  return { seq: await newest(database), index: Number.MAX_SAFE_INTEGER }
}

async function newest(database: Database): Promise<number> {
  const [row] = await database.query<{ seq: number | null }>('SELECT max(seq) AS seq FROM journal')
  return row?.seq ?? 0
}

const identityColumns = 'runs.number, runs.id, runs.namespace, runs.name, runs.version, runs.seal'

async function identify(database: Database, id: string): Promise<RunIdentity> {
  const [row] = await database.query<Row>(`SELECT ${identityColumns} FROM runs WHERE id = ?`, [id])
  if (!row) throw new SluseError('SLUSE-RUN-NOT-FOUND', id)
  return identityOf(row)
}

function identityOf(row: Row): RunIdentity {
  const seal = row.seal === null ? undefined : (JSON.parse(row.seal as string) as { nonce: string })
  return {
    number: row.number as number,
    id: row.id as string,
    namespace: row.namespace as string,
    name: row.name as string,
    version: row.version as string,
    nonce: seal?.nonce,
  }
}

/** The items of a row as people may see them. */
function visible(data: string, nonce: string | undefined): FeedItem[] {
  const items = decodeRow(data)
  if (nonce === undefined || !data.includes(nonce)) return items
  return items.map((item) => concealed(item as never, nonce) as unknown as FeedItem)
}
