import { join } from 'node:path'
import { folderStorage } from './folder-storage.ts'
import { openKeys, type Keys } from './keys.ts'
import { databaseKeys } from './objects/database-keys.ts'
import { objectStorage, type ObjectStorageOptions } from './objects/object-storage.ts'
import type { DatasetStorage } from './storage.ts'

/** Where datasets lie, and where their keys: never at one place. */
export interface Datasets {
  readonly storage: DatasetStorage
  readonly keys: Keys
}

/** In the data folder (absolute). */
export function folderDatasets(dataFolder: string): Datasets {
  return { storage: folderStorage(join(dataFolder, 'datasets')), keys: openKeys(dataFolder) }
}

/** In a bucket, with the keys among the records. */
export function bucketDatasets(options: ObjectStorageOptions & { readonly now: () => number }): Datasets {
  return { storage: objectStorage(options), keys: databaseKeys(options.database, options.now) }
}
