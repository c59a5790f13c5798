import type { Means } from './carry-out.ts'
import { forget } from './dataset/forget.ts'
import type { DatasetRow } from './store/rows.ts'

const everyMs = 60_000
const mostAtOnce = 50

/** Removes what has been kept long enough, on time: datasets with their keys, transfers and dead letters. */
export class Retention {
  readonly #means: Means
  #timer: NodeJS.Timeout | undefined
  #passing: Promise<void> = Promise.resolve()

  constructor(means: Means) {
    this.#means = means
  }

  start(): void {
    const pass = () => {
      this.#passing = this.pass().catch((error: unknown) => {
        this.#means.log('error', 'Old datasets cannot be removed; trying again later.', {
          why: String(error),
        })
      })
    }
    pass()
    this.#timer = setInterval(pass, everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async pass(): Promise<void> {
    await this.#endOrphans()
    while (await this.#removeSome());
    await this.#sweep()
  }

  /** Transfers whose run has ended without them: it was cancelled, or went another way. */
  async #endOrphans(): Promise<void> {
    const { store, now } = this.#means
    const at = now()
    await store.database.commit([
      {
        sql: `UPDATE transfers SET status = 'cancelled', ended_at = ?, due = NULL, updated_at = ?
              WHERE ended_at IS NULL AND kind = 'run' AND run IN (SELECT id FROM runs WHERE ended_at IS NOT NULL)`,
        parameters: [at, at],
      },
      {
        // Of one whose leader died with it, jobs may be left. One that is just being begun is led.
        sql: `DELETE FROM transfer_jobs WHERE until < ? AND NOT EXISTS
                (SELECT 1 FROM transfers t WHERE t.id = transfer_jobs.transfer AND t.ended_at IS NULL)`,
        parameters: [at - everyMs],
      },
      {
        // What was read of it, and is not in a dataset, goes at once.
        sql: `DELETE FROM transfer_parts WHERE NOT EXISTS
                (SELECT 1 FROM transfers t WHERE t.id = transfer_parts.transfer AND t.ended_at IS NULL)`,
      },
    ])
  }

  /** Whether there is more. What a transfer under way needs is kept. */
  async #removeSome(): Promise<boolean> {
    const { store, now } = this.#means
    const rows = await store.database.query<{ id: string }>(
      `SELECT id FROM datasets WHERE expires_at <= ? AND NOT EXISTS
         (SELECT 1 FROM transfers t WHERE t.ended_at IS NULL
            AND (t.dataset = datasets.id OR json_extract(t.plan, '$.from.dataset') = datasets.id))
       ORDER BY expires_at LIMIT ?`,
      [now(), mostAtOnce],
    )
    for (const { id } of rows) await removeDataset(id, this.#means)
    return rows.length === mostAtOnce
  }

  /** What a crash left of a dataset that never came to be, or that was being removed. */
  async #sweep(): Promise<void> {
    const { store, storage, keys, now } = this.#means
    const isKnown = async (name: string) => {
      const [id = ''] = name.split('.')
      return (await store.dataset(id))?.storage === name
    }
    for await (const name of storage.sweep(isKnown, now())) await keys.destroy(name)
  }
}

async function removeDataset(id: string, means: Means): Promise<void> {
  const { store } = means
  // The key first: whatever happens then, nobody can read the rest.
  await forget(await store.storageOf(id), means)
  const ofTransfers = 'IN (SELECT id FROM transfers WHERE dataset = ?)'
  await store.database.commit([
    { sql: 'DELETE FROM dead_letters WHERE dataset = ?', parameters: [id] },
    { sql: `DELETE FROM transfer_targets WHERE transfer ${ofTransfers}`, parameters: [id] },
    { sql: 'DELETE FROM transfers WHERE dataset = ?', parameters: [id] },
    { sql: 'DELETE FROM received WHERE dataset = ?', parameters: [id] },
    { sql: 'DELETE FROM datasets WHERE id = ?', parameters: [id] },
  ])
}

/** Destroys the key: the dataset and its dead letters cannot be read any more, also not from a backup without keys. */
export async function eraseDataset({ id, storage: name }: DatasetRow, means: Means): Promise<void> {
  const { store, now } = means
  await forget(name, means)
  await store.database.commit([
    { sql: 'UPDATE datasets SET erased_at = ? WHERE id = ?', parameters: [now(), id] },
    { sql: "UPDATE dead_letters SET body = '' WHERE dataset = ?", parameters: [id] },
  ])
}
