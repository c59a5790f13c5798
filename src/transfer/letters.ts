import type { Row, SqlValue } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import type { Json, Problem } from '../workflow/index.ts'
import type { Means } from './carry-out.ts'
import { decryptBytes, encryptBytes } from './dataset/keys.ts'
import { maskRecord, unmaskRecord } from './personal.ts'
import type { Replays } from './replay.ts'
import type { LetterRow, LetterStatus } from './store/rows.ts'
import { letterFrom } from './store/read-rows.ts'

/** Records that could not be read, worked on or delivered. */
export interface Letters {
  /** Newest first. */
  list(query?: LetterQuery): Promise<LetterPage>
  /** With its record. Throws `SLUSE-DEAD-LETTER-NOT-FOUND`. */
  get(number: number): Promise<LetterDetail>
  /**
   * Puts another record in its place. What is hidden in what `get` gave, and is left hidden, stays as it was.
   * Throws `SLUSE-DEAD-LETTER-STATE` where it is not open.
   */
  edit(number: number, record: Json): Promise<void>
  /** Nothing more is done about them. */
  discard(numbers: readonly number[]): Promise<void>
  /** Delivers open ones again, each from where it failed. Gives the ids of the transfers that do it. */
  replay(numbers: readonly number[]): Promise<readonly string[]>
  /** The numbers of all that a query finds, oldest first: for what is done in bulk. At most 10,000. */
  numbers(query: LetterQuery): Promise<readonly number[]>
  /** How many a query finds. */
  count(query: LetterQuery): Promise<number>
}

export interface LetterQuery {
  readonly status?: LetterStatus | undefined
  readonly transfer?: string | undefined
  /** By its name. */
  readonly target?: string | undefined
  /** Of transfers of this pipeline. */
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  /** Only of transfers of pipelines in these; not given: all. */
  readonly namespaces?: readonly string[] | undefined
  /** `LetterPage.next` of the page before. */
  readonly cursor?: string | undefined
  /** 1 to 500, default 50. */
  readonly limit?: number | undefined
}

export interface LetterPage {
  readonly letters: readonly LetterSummary[]
  readonly next?: string
}

export interface LetterSummary {
  readonly number: number
  readonly transfer: string
  readonly pipeline?: { readonly namespace: string; readonly name: string }
  /** The target that refused it; absent where it was not read, or a step failed on it. */
  readonly target?: string
  /** The step that failed on it, from 0. */
  readonly step?: number
  readonly origin: string
  readonly problem: Problem
  readonly attempts: number
  readonly status: LetterStatus
  /** ISO 8601. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly replay?: string
}

export interface LetterDetail extends LetterSummary {
  /** With personal data hidden; where it is no JSON there is `raw` instead. */
  readonly record?: Json
  /** As it stood; of a transfer with personal data it is not shown. */
  readonly raw?: string
}

const columns = `SELECT l.*, t.namespace, t.name FROM dead_letters l LEFT JOIN transfers t ON t.id = l.transfer`

export function openLetters(means: Means, replays: Replays): Letters {
  const { store, keys, now } = means
  const { database } = store

  const find = async (number: number): Promise<Row> => {
    const [row] = await database.query(`${columns} WHERE l.number = ?`, [number])
    if (row) return row
    throw new SluseError('SLUSE-DEAD-LETTER-NOT-FOUND', `(${number})`)
  }
  const openBody = async ({ dataset, body }: LetterRow) => {
    if (body === '') throw new SluseError('SLUSE-DATASET-ERASED', `(${dataset})`)
    const key = await keys.get(await store.storageOf(dataset))
    const text = decryptBytes(Buffer.from(body, 'base64'), key).toString('utf8')
    const personal = (await store.dataset(dataset))?.personal
    return { key, text, personal }
  }

  return {
    async list(query = {}) {
      const limit = query.limit ?? 50
      const { where, parameters } = conditions(query)
      const rows = await database.query(`${columns} ${where} ORDER BY l.number DESC LIMIT ?`, [
        ...parameters,
        limit + 1,
      ])
      const letters = rows.slice(0, limit).map(summaryOf)
      const last = rows.length > limit ? letters.at(-1) : undefined
      return { letters, ...(last && { next: String(last.number) }) }
    },
    async get(number) {
      const row = await find(number)
      const { text, personal } = await openBody(letterFrom(row))
      try {
        const record = JSON.parse(text) as Json
        return { ...summaryOf(row), record: personal ? maskRecord(record, personal) : record }
      } catch {
        return { ...summaryOf(row), ...(!personal && { raw: text }) }
      }
    },
    async edit(number, record) {
      const letter = letterFrom(await find(number))
      assertOpen(letter)
      const { key, text, personal } = await openBody(letter)
      let whole = record
      try {
        if (personal) whole = unmaskRecord(record, JSON.parse(text) as Json, personal)
      } catch {
        // What was no JSON has nothing to keep.
      }
      const body = encryptBytes(Buffer.from(JSON.stringify(whole)), key).toString('base64')
      const sql = "UPDATE dead_letters SET body = ?, updated_at = ? WHERE number = ? AND status = 'open'"
      await database.commit([{ sql, parameters: [body, now(), number] }])
    },
    async discard(numbers) {
      for (const number of numbers) assertOpen(letterFrom(await find(number)))
      await database.commit(
        numbers.map((number) => ({
          sql: "UPDATE dead_letters SET status = 'discarded', updated_at = ? WHERE number = ? AND status = 'open'",
          parameters: [now(), number],
        })),
      )
    },
    replay: (numbers) => replays.letters(numbers),
    async numbers(query) {
      const { where, parameters } = conditions(query)
      const rows = await database.query<{ number: number }>(
        `SELECT l.number FROM dead_letters l LEFT JOIN transfers t ON t.id = l.transfer ${where} ORDER BY l.number LIMIT 10000`,
        parameters,
      )
      return rows.map(({ number }) => number)
    },
    async count(query) {
      const { where, parameters } = conditions(query)
      const [row] = await database.query<{ found: number }>(
        `SELECT count(*) AS found FROM dead_letters l LEFT JOIN transfers t ON t.id = l.transfer ${where}`,
        parameters,
      )
      return row?.found ?? 0
    },
  }
}

function assertOpen({ number, status }: LetterRow): void {
  if (status !== 'open') throw new SluseError('SLUSE-DEAD-LETTER-STATE', `(${number} is ${status})`)
}

function conditions(query: LetterQuery): { where: string; parameters: SqlValue[] } {
  return whereOf([
    ['l.status = ?', query.status],
    ['l.transfer = ?', query.transfer],
    ['l.target_name = ?', query.target],
    ['t.namespace = ?', query.namespace],
    ['t.name = ?', query.name],
    ['l.number < ?', query.cursor === undefined ? undefined : cursorOf(query.cursor)],
    among('t.namespace', query.namespaces),
  ])
}

/** A condition with its value, or its values; one whose value is not given need not hold. */
export type Condition = readonly [sql: string, value: SqlValue | readonly SqlValue[] | undefined]

/** Conditions whose value is given, all of which must hold. */
export function whereOf(all: readonly Condition[]): { where: string; parameters: SqlValue[] } {
  const given = all.filter(([, value]) => value !== undefined)
  return {
    where: given.length > 0 ? `WHERE ${given.map(([sql]) => sql).join(' AND ')}` : '',
    parameters: given.flatMap(([, value]) => value as SqlValue | readonly SqlValue[]),
  }
}

export function among(column: string, values: readonly string[] | undefined): Condition {
  return [`${column} IN (${(values ?? []).map(() => '?').join(', ')})`, values]
}

export function cursorOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor)
  throw new SluseError('SLUSE-REQUEST', 'The cursor is none that was given.')
}

function summaryOf(row: Row): LetterSummary {
  const letter = letterFrom(row)
  const { namespace, name } = row
  return {
    number: letter.number,
    transfer: letter.transfer,
    ...(typeof namespace === 'string' && typeof name === 'string' && { pipeline: { namespace, name } }),
    ...(letter.targetName !== undefined && { target: letter.targetName }),
    ...(letter.step !== undefined && { step: letter.step }),
    origin: letter.origin,
    problem: letter.problem,
    attempts: letter.attempts,
    status: letter.status,
    createdAt: new Date(letter.createdAt).toISOString(),
    updatedAt: new Date(letter.updatedAt).toISOString(),
    ...(letter.replay !== undefined && { replay: letter.replay }),
  }
}
