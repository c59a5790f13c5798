import { insertRows, type Database, type Row, type SqlValue, type Statement } from '../../database/index.ts'
import type { Json } from '../../workflow/index.ts'
import { datasetFrom, parsed, targetFrom, transferFrom } from './read-rows.ts'
import type { DatasetRow, LetterRow, TargetRow, TransferRow, Trouble } from './rows.ts'

/** What is remembered of transfers. Reads give whole rows; writes are statements, for whoever commits them together. */
export interface Store {
  readonly database: Database
  transfer(id: string): Promise<TransferRow | undefined>
  /** Those that no run carries out, and that have not ended. */
  openReplays(): Promise<readonly TransferRow[]>
  targets(transfer: string): Promise<readonly TargetRow[]>
  dataset(id: string): Promise<DatasetRow | undefined>
  /** `DatasetRow.storage` of a dataset. */
  storageOf(dataset: string): Promise<string>
  /** The last transfer of the same origin, before this one, whose source was read to its end. */
  lastRead(origin: string, before: string): Promise<{ position: Json; records: number } | undefined>
  countLetters(transfer: string): Promise<number>
}

export function openStore(database: Database): Store {
  const first = async <T>(sql: string, parameters: SqlValue[], read: (row: Row) => T) => {
    const [row] = await database.query(sql, parameters)
    return row && read(row)
  }
  return {
    database,
    transfer: (id) => first(`SELECT * FROM transfers WHERE id = ?`, [id], transferFrom),
    async openReplays() {
      const rows = await database.query(
        "SELECT * FROM transfers WHERE ended_at IS NULL AND kind = 'replay' ORDER BY number",
      )
      return rows.map(transferFrom)
    },
    async targets(transfer) {
      const sql = 'SELECT * FROM transfer_targets WHERE transfer = ? ORDER BY target'
      return (await database.query(sql, [transfer])).map(targetFrom)
    },
    dataset: (id) => first('SELECT * FROM datasets WHERE id = ?', [id], datasetFrom),
    storageOf: async (id) =>
      (await first('SELECT * FROM datasets WHERE id = ?', [id], datasetFrom))?.storage ?? id,
    lastRead: (origin, before) =>
      first(
        `SELECT t.position, d.records FROM transfers t JOIN datasets d ON d.id = t.dataset
         WHERE t.origin = ? AND t.id <> ? AND t.read_at IS NOT NULL AND t.status <> 'failed'
         ORDER BY t.number DESC LIMIT 1`,
        [origin, before],
        (row) => ({ position: parsed(row.position), records: Number(row.records) }),
      ),
    async countLetters(transfer) {
      const [row] = await database.query<{ count: number }>(
        'SELECT count(*) AS count FROM dead_letters WHERE transfer = ?',
        [transfer],
      )
      return row?.count ?? 0
    },
  }
}

export function insertDataset(row: Omit<DatasetRow, 'storage'>): Statement {
  const { extent } = row
  return {
    sql: `INSERT INTO datasets (id, source, created_at, records, bytes, segment, "offset", batch, sealed, protected, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    parameters: [
      row.id,
      row.source,
      row.createdAt,
      extent.records,
      extent.bytes,
      extent.segment,
      extent.offset,
      row.batch,
      row.sealed ? 1 : 0,
      optional(row.personal),
      row.expiresAt ?? null,
    ],
  }
}

export function saveExtent(row: Pick<DatasetRow, 'id' | 'extent' | 'batch' | 'sealed'>): Statement {
  const { records, bytes, segment, offset } = row.extent
  return {
    sql: 'UPDATE datasets SET records = ?, bytes = ?, segment = ?, "offset" = ?, batch = ?, sealed = ? WHERE id = ?',
    parameters: [records, bytes, segment, offset, row.batch, row.sealed ? 1 : 0, row.id],
  }
}

/** A dataset is kept until the latest time that anybody asked for. */
export function keepLonger(dataset: string, until: number): Statement {
  const sql = 'UPDATE datasets SET expires_at = ? WHERE id = ? AND (expires_at IS NULL OR expires_at < ?)'
  return { sql, parameters: [until, dataset, until] }
}

export function insertTransfer(row: Omit<TransferRow, 'number'>): Statement {
  return {
    sql: `INSERT INTO transfers (id, kind, origin, run, task, namespace, name, source, plan, dataset, status,
            records_read, records_bad, records_skipped, position, since, confirmed, attempt, started_at, updated_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, 0, 0, ?, ?)`,
    parameters: [
      row.id,
      row.kind,
      row.origin,
      row.run ?? null,
      row.task ?? null,
      row.namespace ?? null,
      row.name ?? null,
      row.source,
      JSON.stringify(row.plan),
      row.dataset,
      row.status,
      JSON.stringify(row.position),
      JSON.stringify(row.since),
      row.startedAt,
      row.startedAt,
    ],
  }
}

/** What may change of a transfer; the rest of the row stays as it is. */
export type TransferChange = Partial<
  Pick<
    TransferRow,
    | 'status'
    | 'read'
    | 'bad'
    | 'skipped'
    | 'position'
    | 'progress'
    | 'confirmed'
    | 'error'
    | 'readAt'
    | 'endedAt'
  >
> & { readonly trouble?: Trouble | undefined }

export function changeTransfer(id: string, change: TransferChange, now: number): Statement {
  const set = new Assignments()
  set.plain('status', change.status)
  set.plain('records_read', change.read)
  set.plain('records_bad', change.bad)
  set.plain('records_skipped', change.skipped)
  set.json('position', change.position)
  set.json('progress', change.progress)
  if (change.confirmed !== undefined) set.plain('confirmed', change.confirmed ? 1 : 0)
  set.plain('read_at', change.readAt)
  set.plain('ended_at', change.endedAt)
  // An error in the end is the one that is shown.
  if ('trouble' in change) set.trouble(change.trouble)
  set.json('error', change.error)
  set.plain('updated_at', now)
  return set.statement('transfers', 'id = ?', [id])
}

export function insertTarget(row: TargetRow): Statement {
  return {
    sql: `INSERT INTO transfer_targets (transfer, target, name, connection, mode, status, segment, "offset", records,
            delivered, refused, skipped, state, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
    parameters: [
      row.transfer,
      row.target,
      row.name,
      row.connection,
      row.mode,
      row.status,
      row.at.segment,
      row.at.offset,
      row.records,
      row.delivered,
      row.refused,
      row.skipped,
      JSON.stringify(row.state),
    ],
  }
}

export type TargetChange = Partial<
  Pick<TargetRow, 'status' | 'at' | 'records' | 'delivered' | 'refused' | 'skipped' | 'state' | 'error'>
> & { readonly trouble?: Trouble | undefined }

export function changeTarget(transfer: string, target: number, change: TargetChange): Statement {
  const set = new Assignments()
  set.plain('status', change.status)
  set.plain('segment', change.at?.segment)
  set.plain('"offset"', change.at?.offset)
  set.plain('records', change.records)
  set.plain('delivered', change.delivered)
  set.plain('refused', change.refused)
  set.plain('skipped', change.skipped)
  set.json('state', change.state)
  if ('trouble' in change) set.trouble(change.trouble)
  set.json('error', change.error)
  return set.statement('transfer_targets', 'transfer = ? AND target = ?', [transfer, target])
}

export type NewLetter = Omit<LetterRow, 'number' | 'status' | 'updatedAt' | 'replay'>

const letterColumns = [
  'transfer',
  'dataset',
  'target',
  'target_name',
  'step',
  'record',
  'origin',
  'body',
  'problem',
  'attempts',
  'status',
  'created_at',
  'updated_at',
]

export function insertLetters(letters: readonly NewLetter[]): Statement[] {
  return insertRows(
    'dead_letters',
    letterColumns,
    letters.map((each) => [
      each.transfer,
      each.dataset,
      each.target ?? null,
      each.targetName ?? null,
      each.step ?? null,
      each.record ?? null,
      each.origin,
      each.body,
      JSON.stringify(each.problem),
      each.attempts,
      'open',
      each.createdAt,
      each.createdAt,
    ]),
  )
}

/** Of two assignments to one column the later counts. */
class Assignments {
  readonly #values = new Map<string, SqlValue>()

  plain(name: string, value: SqlValue | undefined): void {
    if (value !== undefined) this.#values.set(name, value)
  }

  json(name: string, value: unknown): void {
    if (value !== undefined) this.plain(name, JSON.stringify(value))
  }

  /** `undefined`: there is none any more. */
  trouble(trouble: Trouble | undefined): void {
    this.plain('attempt', trouble?.attempt ?? 0)
    this.plain('due', trouble?.due ?? null)
    this.plain('failing_since', trouble?.since ?? null)
    this.plain('error', trouble ? JSON.stringify(trouble.problem) : null)
  }

  statement(table: string, where: string, parameters: readonly SqlValue[]): Statement {
    const assigned = [...this.#values.keys()].map((name) => `${name} = ?`).join(', ')
    const sql = `UPDATE ${table} SET ${assigned} WHERE ${where}`
    return { sql, parameters: [...this.#values.values(), ...parameters] }
  }
}

function optional(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
