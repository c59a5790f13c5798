import { fault, isObject, type Json, type JsonObject } from '../../workflow/index.ts'
import type { ConnectorHost, ReadRequest, Source, SourceBatch } from '../connector.ts'
import type { SqlDatabase, SqlSession } from './port.ts'

/** JSON Schema of what `from` has beside `connection`, for every SQL database. */
export const sqlSourceOptions: JsonObject = {
  type: 'object',
  additionalProperties: false,
  oneOf: [{ required: ['table'] }, { required: ['query', 'key'] }],
  properties: {
    table: {
      type: 'string',
      minLength: 1,
      description: 'A table or view, with its schema where it needs one.',
    },
    columns: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description: 'Of the table. Default: all.',
    },
    where: { type: 'string', minLength: 1, description: 'A condition on the rows of the table, in SQL.' },
    query: {
      type: 'string',
      minLength: 1,
      description: 'A `select` of its own, without a semicolon at the end.',
    },
    key: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description:
        'Columns, never null, that tell rows apart; rows come in their order. Default: the primary key.',
    },
    incremental: {
      type: 'string',
      minLength: 1,
      description:
        'A column that only grows, such as a time of change or a number: only rows beyond the last complete read.',
    },
    lagSeconds: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description:
        'With `incremental` over a time: leave out the newest seconds, in which a transaction may still be under way.',
    },
  },
}

/** By which a read goes on: the texts of the columns it is ordered by, of the last row. */
interface Place {
  readonly last: readonly string[]
  readonly rows: number
}

export function sqlSource(
  database: SqlDatabase,
  options: JsonObject,
  host: Pick<ConnectorHost, 'guarded'>,
): Source {
  return {
    async *read(request) {
      const { signal } = request
      const session = await host.guarded((limited) => database.connect(limited), { repeatable: true, signal })
      try {
        yield* readRows(session, database, options, request)
      } finally {
        await session.close()
      }
    },
  }
}

async function* readRows(
  session: SqlSession,
  database: SqlDatabase,
  options: JsonObject,
  { position, since, batchSize, signal }: ReadRequest,
): AsyncGenerator<SourceBatch> {
  const { from, select, key, about } = await relationOf(session, database, options)
  const incremental = options.incremental as string | undefined
  const order =
    incremental === undefined ? key : [incremental, ...key.filter((column) => column !== incremental)]
  const start = placeOf(position) ?? (incremental === undefined ? undefined : placeOf(since))
  const quoted = order.map((column) => `q.${database.quote(column)}`)
  const conditions = [
    ...(typeof options.where === 'string' ? [`(${options.where})`] : []),
    ...(incremental === undefined ? [] : [`${quoted[0]} is not null`]),
    ...(incremental !== undefined && Number(options.lagSeconds ?? 0) > 0
      ? [`${quoted[0]} < ${database.secondsAgo(Number(options.lagSeconds))}`]
      : []),
    ...(start
      ? [`(${quoted.join(', ')}) > (${quoted.map((_, at) => database.parameter(at + 1)).join(', ')})`]
      : []),
  ]
  const texts = quoted.map((column, at) => `${database.asText(column)} as ${database.quote(markOf(at))}`)
  const sql =
    `select ${select}, ${texts.join(', ')} from ${from} q` +
    `${conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''} order by ${quoted.join(', ')}`

  // Within one read rows are counted on; a new read that goes on from an earlier one begins to count anew.
  let done = position === null ? 0 : (start?.rows ?? 0)
  let last = start?.last
  for await (const piece of session.rows(sql, [...(start?.last ?? [])], batchSize, signal)) {
    const records = piece.map((row) => {
      last = order.map((column, at) => {
        const text = row[markOf(at)]
        if (typeof text === 'string') return text
        throw fault(
          'validation',
          `${about}: ${column} is null in a row, so the rows after it cannot be told: choose another key.`,
        )
      })
      return withoutMarks(row, order.length)
    })
    const first = done
    done += records.length
    yield {
      records,
      origin: (index) => `${about}, row ${first + index + 1}`,
      bad: [],
      position: { last: [...(last ?? [])], rows: done },
    }
  }
  // Nothing new: where the last read ended still holds for the next.
  if (start && done === (position === null ? 0 : start.rows)) {
    yield { records: [], origin: () => about, bad: [], position: { last: [...start.last], rows: done } }
  }
}

async function relationOf(session: SqlSession, database: SqlDatabase, options: JsonObject) {
  const given = options.key as string[] | undefined
  if (typeof options.query === 'string') {
    return { from: `(${options.query})`, select: 'q.*', key: given ?? [], about: 'the query' }
  }
  const about = String(options.table)
  const table = await session.table(about)
  const columns = options.columns as string[] | undefined
  const key = given ?? (table.primaryKey.length > 0 ? table.primaryKey : table.unique[0])
  if (!key) {
    throw fault(
      'configuration',
      `${about} has no primary key: say with \`key\` which columns tell its rows apart.`,
    )
  }
  for (const name of [...(columns ?? []), ...key]) {
    if (table.columns.some((column) => column.name === name)) continue
    throw fault('configuration', `${about} has no column ${JSON.stringify(name)}.`)
  }
  return {
    from: table.name,
    select: columns ? columns.map((name) => `q.${database.quote(name)}`).join(', ') : 'q.*',
    key,
    about,
  }
}

const markOf = (at: number) => `sluse_order_${at}`

function withoutMarks(row: JsonObject, count: number): JsonObject {
  for (let at = 0; at < count; at += 1) delete row[markOf(at)]
  return row
}

function placeOf(position: Json): Place | undefined {
  return isObject(position) && Array.isArray(position.last) ? (position as unknown as Place) : undefined
}
