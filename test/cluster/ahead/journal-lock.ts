import pg from 'pg'

/** Holds back all that is to be written into the journal, so that somebody can be killed just then. */
export class JournalLock {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  static async take(url: string): Promise<JournalLock> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('BEGIN')
    await client.query('LOCK TABLE journal IN EXCLUSIVE MODE')
    return new JournalLock(client)
  }

  /** The first connection that is held back, once there is one. */
  async waiter(): Promise<number> {
    for (;;) {
      const sql = "SELECT pid FROM pg_locks WHERE relation = 'journal'::regclass AND NOT granted"
      const { rows } = await this.#client.query<{ pid: number }>(sql)
      if (rows[0]) return rows[0].pid
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** What the connection was to write is undone. */
  async undo(pid: number): Promise<void> {
    await this.#client.query('SELECT pg_terminate_backend($1, 10000)', [pid])
  }

  /** What is held back is written, whether or not somebody waits for it. */
  async release(): Promise<void> {
    await this.#client.query('COMMIT')
    await this.#client.end()
  }
}
