/** What a column holds. Times are milliseconds since 1970, UTC; documents are JSON text. */
export type SqlValue = string | number | null

export type Row = { readonly [column: string]: SqlValue }

/** One statement, with `?` where its parameters go. */
export interface Statement {
  readonly sql: string
  readonly parameters?: readonly SqlValue[]
}

/**
 * The one port to SQL. SQLite implements it (`openDatabase`); the SQL above it is plain, so that another
 * database can.
 *
 * Errors carry `SLUSE-STORE-FULL` (no room: nothing of the transaction was written, try again later) or
 * `SLUSE-STORE`.
 */
export interface Database {
  /** Reads what is committed. Bound what it can return: rows come all at once. */
  query<R extends Row>(sql: string, parameters?: readonly SqlValue[]): Promise<R[]>

  /** One transaction: all of it or nothing. Resolves once it is durable. Commits are made in the order of the calls. */
  commit(statements: readonly Statement[]): Promise<void>

  /** Calls `listener` after each commit. Returns how to stop. */
  onCommit(listener: () => void): () => void

  /** Ends open work, tidies the files and lets another process open them. */
  close(): Promise<void>
}
