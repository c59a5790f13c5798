import type { Json, JsonObject } from '../../workflow/index.ts'

/**
 * What an SQL database must offer, so that reading and writing tables is written once (`source.ts`, `target.ts`). A
 * database is a folder that implements this; `postgres/` is the first.
 */
export interface SqlDatabase {
  /** Throws a fault that says why there is no connection. */
  connect(signal: AbortSignal): Promise<SqlSession>
  /** As an identifier, whatever it holds. */
  quote(name: string): string
  /** How the `n`th parameter (from 1) is written, where it is compared with that column's type. */
  parameter(n: number): string
  /** The text of a value, such that as a parameter it compares equal to it. */
  asText(expression: string): string
  /** An expression that is so many seconds ago. */
  secondsAgo(seconds: number): string
}

/** One connection. Its operations are asked for one at a time. */
export interface SqlSession {
  run(sql: string, parameters?: readonly Json[]): Promise<readonly JsonObject[]>
  /** Rows in pieces, values as JSON has them, from one consistent view. */
  rows(
    sql: string,
    parameters: readonly Json[],
    pieceSize: number,
    signal: AbortSignal,
  ): AsyncIterable<JsonObject[]>
  /** Throws a `configuration` fault where there is no such table. */
  table(name: string): Promise<SqlTable>
  begin(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  /**
   * Puts rows into the table, all of them or none, within the transaction that is open. Throws `SqlRefusal` where it
   * is about the rows; the transaction then still holds what was put before.
   */
  load(table: SqlTable, how: SqlLoad, rows: readonly JsonObject[]): Promise<void>
  /** Ends the connection; what is not committed is undone. */
  close(): Promise<void>
}

export interface SqlLoad {
  /** Columns that the rows have. */
  readonly columns: readonly string[]
  /** Columns by which a row that is there is found and changed; none: rows are added. */
  readonly key: readonly string[]
}

export interface SqlTable {
  /** Quoted, with its schema. */
  readonly name: string
  readonly columns: readonly SqlColumn[]
  readonly primaryKey: readonly string[]
  /** Sets of columns of which no two rows have the same values. */
  readonly unique: readonly (readonly string[])[]
}

export interface SqlColumn {
  readonly name: string
  /** As the database calls it. */
  readonly type: string
  /** Only the database gives it a value. */
  readonly generated: boolean
}

/** The database does not take a row for what is in it. */
export class SqlRefusal extends Error {
  /** The database's own code, such as SQLSTATE. */
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.name = 'SqlRefusal'
    this.code = code
  }
}
