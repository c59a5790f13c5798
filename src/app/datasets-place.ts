import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../config/index.ts'
import { openDatabase, type Database } from '../database/index.ts'
import { SluseError } from '../errors.ts'
import { moveDatasets as move, type MovedDatasets } from '../transfer/index.ts'
import { openDatasets } from './open-datasets.ts'

/**
 * Throws `SLUSE-DATASETS-ELSEWHERE` where there are datasets that lie elsewhere than the settings say: what was delivered
 * from them would seem to be erased.
 */
export async function checkPlaceOfDatasets(database: Database, { datasets, data }: Settings): Promise<void> {
  const key = 'SELECT 1 FROM dataset_keys k WHERE k.storage = coalesce(d.storage, d.id)'
  const those = async (where: string) =>
    database.query<{ storage: string }>(
      `SELECT coalesce(d.storage, d.id) AS storage FROM datasets d WHERE d.erased_at IS NULL AND ${where} LIMIT 1000`,
    )
  if (datasets === undefined) {
    const [elsewhere] = await those(`EXISTS (${key})`)
    if (!elsewhere) return
    throw new SluseError('SLUSE-DATASETS-ELSEWHERE', `${elsewhere.storage} is in a bucket.`)
  }
  const unmoved = (await those(`NOT EXISTS (${key})`)).find(({ storage }) =>
    existsSync(join(data, 'keys', `${storage}.key`)),
  )
  if (!unmoved) return
  throw new SluseError('SLUSE-DATASETS-ELSEWHERE', `${unmoved.storage} is in the data folder ${data}.`)
}

export interface MoveRequest {
  readonly settings: Settings
  /** `folder`, or as the setting has it: `s3://bucket/prefix`. */
  readonly from: string
  readonly environment: { readonly [name: string]: string | undefined }
  readonly progress?: (dataset: string) => void
}

/** Moves datasets from there to where the settings say, while no server runs. Throws `SLUSE-STORE-LOCKED` where one does. */
export async function moveDatasets(request: MoveRequest): Promise<MovedDatasets & { readonly to: string }> {
  const { settings, from, environment, progress } = request
  const before = from === 'folder' ? undefined : from
  if (before === settings.datasets) {
    throw new SluseError('SLUSE-MIGRATE', 'They are there: set SLUSE_DATASETS to where they are to go.')
  }
  const database = await openDatabase({ folder: settings.data, url: settings.databaseUrl })
  const options = { database, environment, now: Date.now }
  try {
    const [source, target] = [
      await openDatasets({ ...settings, datasets: before }, options),
      await openDatasets(settings, options),
    ]
    try {
      await target.storage.check(AbortSignal.timeout(60_000))
      const moved = await move({ database, from: source, to: target, ...(progress && { progress }) })
      return { ...moved, to: target.storage.place }
    } finally {
      await Promise.all([source.close(), target.close()])
    }
  } finally {
    await database.close()
  }
}
