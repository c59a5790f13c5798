import { fault, isObject, problem, type Json, type JsonObject, type Problem } from '../../workflow/index.ts'
import type {
  ConnectorHost,
  Delivery,
  DeliveryRequest,
  Target,
  TargetMode,
  WriteResult,
} from '../connector.ts'
import { SqlRefusal, type SqlDatabase, type SqlSession, type SqlTable } from './port.ts'

/** JSON Schema of what a target of `to` has beside `connection`, `mode` and `key`, for every SQL database. */
export const sqlTargetOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['table'],
  properties: {
    table: {
      type: 'string',
      minLength: 1,
      description: 'The table, with its schema where it needs one. It must be there.',
    },
  },
}

export const sqlTargetModes: readonly TargetMode[] = ['append', 'upsert', 'replace']

/**
 * Rows into a table. `append` and `upsert` are committed before each checkpoint, and go on from there; `replace` is one
 * transaction, so that readers see the old rows until the last new one is there.
 */
export function sqlTarget(
  database: SqlDatabase,
  options: JsonObject,
  host: Pick<ConnectorHost, 'guarded'>,
): Target {
  return {
    async begin(request) {
      const { signal } = request
      const session = await host.guarded((limited) => database.connect(limited), { repeatable: true, signal })
      try {
        const table = await session.table(String(options.table))
        checkKey(table, request, String(options.table))
        if (request.mode === 'replace') {
          await session.begin()
          await session.run(`delete from ${table.name}`)
        }
        return delivery(session, table, request, host)
      } catch (error) {
        await session.close()
        throw error
      }
    },
  }
}

function checkKey(table: SqlTable, { mode, key }: DeliveryRequest, name: string): void {
  if (mode !== 'upsert') return
  const missing = key.find((column) => !table.columns.some((each) => each.name === column))
  if (missing !== undefined) {
    throw fault('configuration', `${name} has no column ${JSON.stringify(missing)}, which is in the key.`)
  }
  const same = (columns: readonly string[]) =>
    columns.length === key.length && columns.every((it) => key.includes(it))
  if (same(table.primaryKey) || table.unique.some(same)) return
  throw fault(
    'configuration',
    `${name} has no unique index over ${key.join(', ')}: without one no row can be found by its key.`,
  )
}

function delivery(
  session: SqlSession,
  table: SqlTable,
  { mode, key }: DeliveryRequest,
  host: Pick<ConnectorHost, 'guarded'>,
): Delivery {
  const resumable = mode !== 'replace'
  let open = !resumable
  let ended = false
  const commit = async () => {
    if (!open) return
    await session.commit()
    open = false
  }
  return {
    resumable,
    // Rows that are only added have no key by which one that comes again is known.
    parallel: mode === 'upsert',
    write: (batch, signal) =>
      host.guarded(
        async () => {
          if (!open) await session.begin()
          open = true
          return load(session, table, mode === 'upsert' ? key : [], batch.values())
        },
        // What a broken transaction has lost is not known here: the transfer begins again at its checkpoint.
        { repeatable: false, signal },
      ),
    ...(resumable && { flush: commit }),
    async finish() {
      if (ended) return
      await commit()
      ended = true
      await session.close()
    },
    async abort() {
      if (ended) return
      ended = true
      await session.close()
    },
  }
}

async function load(
  session: SqlSession,
  table: SqlTable,
  key: readonly string[],
  values: readonly Json[],
): Promise<WriteResult> {
  const refused: { index: number; problem: Problem }[] = []
  const known = new Set(table.columns.filter(({ generated }) => !generated).map(({ name }) => name))
  for (const group of groups(values, key, known, refused)) {
    await loadOrSplit(session, table, key, group.columns, group.rows, refused)
  }
  refused.sort((one, other) => one.index - other.index)
  return { refused, state: null }
}

interface Row {
  readonly index: number
  readonly value: JsonObject
}

interface Group {
  readonly columns: readonly string[]
  rows: Row[]
}

/** Rows in a row that have the same columns: what a record does not have is not touched. */
function groups(
  values: readonly Json[],
  key: readonly string[],
  known: ReadonlySet<string>,
  refused: { index: number; problem: Problem }[],
): Group[] {
  const found: Group[] = []
  let last: Group | undefined
  for (const [index, value] of values.entries()) {
    const columns = isObject(value) ? Object.keys(value) : []
    const alike = last !== undefined && isAlike(columns, last.columns)
    const detail = (alike ? undefined : problemOf(value, columns, known)) ?? lacking(value, key)
    if (detail !== undefined) {
      refused.push({ index, problem: problem('validation', detail) })
      continue
    }
    if (!last || !alike) found.push((last = { columns, rows: [] }))
    last.rows.push({ index, value: value as JsonObject })
  }
  if (key.length > 0) for (const group of found) group.rows = lastOfEach(group.rows, key)
  return found
}

function isAlike(columns: readonly string[], others: readonly string[]): boolean {
  return columns.length === others.length && columns.every((name, at) => name === others[at])
}

function problemOf(value: Json, columns: readonly string[], known: ReadonlySet<string>): string | undefined {
  if (!isObject(value)) return 'A row is an object of columns.'
  if (columns.length === 0) return 'The record has no members, so there is no row to be made of it.'
  const unknown = columns.find((name) => !known.has(name))
  return unknown === undefined
    ? undefined
    : `The table has no column ${JSON.stringify(unknown)} that can be written.`
}

function lacking(value: Json, key: readonly string[]): string | undefined {
  const row = isObject(value) ? value : {}
  const missing = key.find((name) => row[name] === undefined || row[name] === null)
  return missing === undefined
    ? undefined
    : `The record has no ${JSON.stringify(missing)}, which is in the key.`
}

/** One statement must not change a row twice: the last of those with the same key counts. */
function lastOfEach(rows: readonly Row[], key: readonly string[]): Row[] {
  const byKey = new Map<string, Row>()
  for (const row of rows) {
    const id = JSON.stringify(key.map((name) => row.value[name]))
    byKey.delete(id)
    byKey.set(id, row)
  }
  return [...byKey.values()]
}

/** Halves what is refused until the rows are found that it is about. */
async function loadOrSplit(
  session: SqlSession,
  table: SqlTable,
  key: readonly string[],
  columns: readonly string[],
  rows: readonly Row[],
  refused: { index: number; problem: Problem }[],
): Promise<void> {
  try {
    await session.load(
      table,
      { columns, key },
      rows.map(({ value }) => value),
    )
  } catch (error) {
    if (!(error instanceof SqlRefusal)) throw error
    const [only] = rows
    if (rows.length === 1 && only) {
      const detail = `The database refused the row: ${error.message} (${error.code}).`
      refused.push({ index: only.index, problem: problem('validation', detail, { cause: error.code }) })
      return
    }
    const half = Math.ceil(rows.length / 2)
    await loadOrSplit(session, table, key, columns, rows.slice(0, half), refused)
    await loadOrSplit(session, table, key, columns, rows.slice(half), refused)
  }
}
