import type { Database } from '../../database/index.ts'
import { SluseError } from '../../errors.ts'
import { decodeItems, type FeedItem } from '../../history/index.ts'
import type { Json } from '../../workflow/index.ts'
import type { Outcome, SecretStore } from '../engine.ts'
import { fromColumns, selectRun, type RunRow } from '../run/run-row.ts'
import { sealerOf, type Seal, type Sealer } from '../run/seal.ts'

/** Reads what is recorded of runs. */
export class RunRecords {
  readonly #database: Database
  readonly #secrets: SecretStore

  constructor(database: Database, secrets: SecretStore) {
    this.#database = database
    this.#secrets = secrets
  }

  async row(number: number): Promise<RunRow | undefined> {
    const [row] = await this.#database.query(`${selectRun} WHERE number = ?`, [number])
    return row && fromColumns(row)
  }

  /** Throws `SLUSE-RUN-NOT-FOUND`. */
  async find(id: string): Promise<RunRow> {
    const [row] = await this.#database.query(`${selectRun} WHERE id = ?`, [id])
    if (!row) throw new SluseError('SLUSE-RUN-NOT-FOUND', `(${id})`)
    return fromColumns(row)
  }

  /** The values of the secrets that are sealed in what is recorded. */
  secrets(seal: Seal | undefined): Promise<{ [name: string]: Json }> | { [name: string]: Json } {
    return seal ? this.#secrets(seal.names) : {}
  }

  async sealer(row: RunRow): Promise<Sealer> {
    return sealerOf(row.seal, await this.secrets(row.seal))
  }

  async journal(row: RunRow, sealer: Sealer): Promise<FeedItem[]> {
    return (await this.rows(row, sealer)).flat()
  }

  /** The journal as it was written. */
  async rows(row: RunRow, sealer: Sealer): Promise<FeedItem[][]> {
    const rows = await this.#database.query<{ data: string }>(
      'SELECT data FROM journal WHERE run = ? ORDER BY seq',
      [row.number],
    )
    return rows.map(({ data }) => decodeItems(sealer.read(data)))
  }

  /** How an ended run ended. */
  async outcome(row: RunRow): Promise<Outcome> {
    const [last] = await this.#database.query<{ data: string }>(
      'SELECT data FROM journal WHERE run = ? ORDER BY seq DESC LIMIT 1',
      [row.number],
    )
    const sealer = await this.sealer(row)
    for (const item of last ? decodeItems(sealer.read(last.data)).reverse() : []) {
      if (item.type !== 'report') continue
      const { report } = item
      if (report.kind === 'workflow.completed') return { status: 'completed', output: report.output }
      if (report.kind === 'workflow.faulted') return { status: 'faulted', error: report.error }
      if (report.kind === 'workflow.cancelled') return { status: 'cancelled' }
    }
    throw new SluseError('SLUSE-STORE', `The end of run ${row.id} is missing.`)
  }
}
