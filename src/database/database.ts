/** What a column holds. Times are milliseconds since 1970, UTC; documents are JSON text. */
export type SqlValue = string | number | null

export type Row = { readonly [column: string]: SqlValue }

/** One statement, with `?` where its parameters go. */
export interface Statement {
  readonly sql: string
  readonly parameters?: readonly SqlValue[]
  /** How many rows it must change; otherwise the transaction fails with `SLUSE-STORE-CHANGED`, as a whole. */
  readonly expect?: number
  readonly chain?: Chain
  /**
   * Transactions with a statement of the same turn are made one after the other, whichever process they come from: what
   * one writes, the next one sees, and numbers that the database gives rise in the order in which they can be seen.
   */
  readonly turn?: string
}

/**
 * Makes rows a hash chain. Within the transaction, `last` finds the number and the hash of the last row; the
 * statement is then run with the next number and the hash of it before its own parameters. The hash is SHA-256, in
 * hex, of the number, the hash before (empty for the first) and `text`, with a line feed between them.
 */
export interface Chain {
  /** Gives one row, `number` and `hash`, or none. */
  readonly last: string
  readonly text: string
}

export interface CommitOptions {
  /**
   * It tells nobody anything new: nobody is told of it, neither here nor in other processes. For signs of life, which
   * would otherwise have every process look at everything several times a second.
   */
  readonly quiet?: boolean
}

/**
 * The one port to SQL. SQLite and PostgreSQL implement it; the SQL above it is plain, and where the two read it
 * otherwise, `postgres/dialect.ts` says how.
 *
 * Errors carry `SLUSE-STORE-FULL` (no room) or `SLUSE-STORE-UNREACHABLE` (the server is away) where nothing of the
 * transaction was written and it may be tried again later; `SLUSE-STORE-CHANGED`, see `Statement.expect`; or
 * `SLUSE-STORE`. Only a database that is closed while its server is away leaves a commit with `SLUSE-STORE-UNKNOWN`.
 */
export interface Database {
  /** Reads what is committed. Bound what it can return: rows come all at once. */
  query<R extends Row>(sql: string, parameters?: readonly SqlValue[]): Promise<R[]>

  /** One transaction: all of it or nothing. Resolves once it is durable. Commits are made in the order of the calls. */
  commit(statements: readonly Statement[], options?: CommitOptions): Promise<void>

  /**
   * Calls `listener` after each commit that is not quiet, and soon after commits of other processes: several of them may be told as one,
   * and now and then there was none. Returns how to stop.
   */
  onCommit(listener: () => void): () => void

  /** Whether its server is known to be away now; without it, there is none. */
  away?(): boolean

  /** Ends open work, tidies the files and lets another process open them. */
  close(): Promise<void>
}
