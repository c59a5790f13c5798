import type { Means } from '../carry-out.ts'
import { Staged } from '../dataset/staged.ts'
import { datasetFrom } from '../store/read-rows.ts'
import type { DatasetRow } from '../store/rows.ts'

interface Used {
  readonly dataset: string
  readonly staged: Staged
  users: number
}

/** The datasets that jobs of this process read or write: one view of each, however many jobs there are. */
export class Stages {
  readonly #means: Means
  /** By where they lie, which is another place once a person was taken out. */
  readonly #used = new Map<string, Used>()

  constructor(means: Means) {
    this.#means = means
  }

  /** As the row says that it is; whoever asks lets go of it by `leave`. */
  async enter(dataset: DatasetRow): Promise<Staged> {
    const { id, storage, extent, sealed } = dataset
    const key = await this.#means.keys.get(storage)
    let used = this.#used.get(storage)
    if (used) used.staged.grownElsewhere(extent, sealed)
    else {
      const staged = new Staged(this.#means.storage, storage, key, extent, sealed)
      used = { dataset: id, staged, users: 0 }
      this.#used.set(storage, used)
    }
    used.users += 1
    return used.staged
  }

  leave({ storage }: DatasetRow): void {
    const used = this.#used.get(storage)
    if (used && --used.users === 0) this.#used.delete(storage)
  }

  /** Sees what other processes have written. */
  async look(): Promise<void> {
    const followed = [...this.#used.values()].filter(({ staged }) => !staged.writing && !staged.sealed)
    if (followed.length === 0) return
    const places = followed.map(() => '?').join(', ')
    const rows = await this.#means.store.database.query(
      `SELECT * FROM datasets WHERE id IN (${places})`,
      followed.map(({ dataset }) => dataset),
    )
    for (const { storage, extent, sealed } of rows.map(datasetFrom)) {
      this.#used.get(storage)?.staged.grownElsewhere(extent, sealed)
    }
  }
}
