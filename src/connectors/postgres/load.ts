import type { Client } from 'pg'
import type { JsonObject } from '../../workflow/index.ts'
import { SqlRefusal, type SqlLoad, type SqlTable } from '../sql/index.ts'
import { postgresFault } from './faults.ts'
import { copyWriter, quote } from './values.ts'

/** Most text that is handed to the driver at once. */
const pieceLength = 256 * 1024

/** Puts rows into tables with COPY, each load all or nothing within the transaction that is open. */
export class Loader {
  readonly #client: Client
  readonly #shown: string
  /** Whether the transaction has a savepoint, which each load sets anew. */
  #saved = false

  constructor(client: Client, shown: string) {
    this.#client = client
    this.#shown = shown
  }

  /** A transaction begins. */
  began(): void {
    this.#saved = false
  }

  async load(table: SqlTable, { columns, key }: SqlLoad, rows: readonly JsonObject[]): Promise<void> {
    // Sent with what follows: a way to the server and back for each statement is what small loads cost.
    const save = `${this.#saved ? 'release savepoint batch; ' : ''}savepoint batch;`
    this.#saved = true
    try {
      if (key.length === 0) await this.#copy(save, table, table.name, columns, rows)
      else await this.#upsert(save, table, columns, key, rows)
    } catch (error) {
      const told = postgresFault(error, this.#shown)
      if (told instanceof SqlRefusal) await this.#client.query('rollback to savepoint batch')
      throw told
    }
  }

  async #upsert(
    save: string,
    table: SqlTable,
    columns: readonly string[],
    key: readonly string[],
    rows: readonly JsonObject[],
  ): Promise<void> {
    const names = columns.map(quote).join(', ')
    // Without the table's defaults and conditions, which are for the table itself to apply.
    const create = `create temp table sluse_load on commit drop as select ${names} from ${table.name} with no data;`
    await this.#copy(`${save} ${create}`, table, 'sluse_load', columns, rows)
    const changed = columns
      .filter((name) => !key.includes(name))
      .map((name) => `${quote(name)} = excluded.${quote(name)}`)
    const keys = key.map(quote).join(', ')
    // Of two that write the same rows at the same time, one waits for the other: in one order, neither for both.
    await this.#client.query(
      `insert into ${table.name} (${names}) select ${names} from sluse_load order by ${keys}
        on conflict (${keys}) do ${changed.length > 0 ? `update set ${changed.join(', ')}` : 'nothing'};
      drop table sluse_load`,
    )
  }

  /** `before`: statements that come first. */
  async #copy(
    before: string,
    table: SqlTable,
    into: string,
    columns: readonly string[],
    rows: readonly JsonObject[],
  ): Promise<void> {
    const { from } = await import('pg-copy-streams')
    const textOf = copyWriter(columns, table.columns)
    const sql = `${before} copy ${into} (${columns.map(quote).join(', ')}) from stdin`
    const stream = this.#client.query(from(sql))
    const finished = new Promise<void>((resolve, reject) => {
      stream.on('finish', resolve)
      stream.on('error', reject)
    })
    // It may fail while we still write: then waiting for it below tells why.
    finished.catch(() => {})
    let text = ''
    for (const row of rows) {
      text += textOf(row)
      if (text.length < pieceLength) continue
      const wantsMore = stream.write(text)
      text = ''
      if (!wantsMore) {
        await Promise.race([new Promise<void>((resolve) => stream.once('drain', resolve)), finished])
      }
    }
    stream.end(text)
    await finished
  }
}
