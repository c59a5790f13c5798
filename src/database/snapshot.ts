import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { SluseError } from '../errors.ts'
import { databaseFile } from './sqlite.ts'

/** What a copied database says of itself. */
export interface Snapshot {
  /** The number of the last migration. */
  readonly schema: number
  /** Where the datasets lie that it knows and that may still be read: names of folders, and of keys. */
  readonly datasets: readonly string[]
}

/**
 * Copies the database of a data folder as it is at one moment into `target`, while whoever holds the folder goes on
 * writing, and checks the copy; `withoutKeys` leaves out those of datasets that lie in a bucket. Throws `SLUSE-BACKUP` where there is no database, `SLUSE-STORE` where it is damaged.
 */
export function snapshotDatabase(folder: string, target: string, withoutKeys = false): Snapshot {
  const file = join(folder, databaseFile)
  // Opening one that is not there would make it.
  if (!existsSync(file)) throw new SluseError('SLUSE-BACKUP', `There is no ${file}.`)
  try {
    const source = new Sqlite(file)
    try {
      source.exec('PRAGMA busy_timeout = 10000')
      source.prepare('VACUUM INTO ?').run([join(target, databaseFile)])
    } finally {
      source.close()
    }
    chmodSync(join(target, databaseFile), 0o600)
    if (withoutKeys) removeKeys(join(target, databaseFile))
    return look(join(target, databaseFile))
  } catch (cause) {
    if (cause instanceof SluseError) throw cause
    throw new SluseError('SLUSE-STORE', `(${folder}: ${(cause as Error).message})`, { cause })
  }
}

/** Not a byte of them stays in the file. */
function removeKeys(file: string): void {
  const copy = new Sqlite(file)
  try {
    const has = copy.prepare("SELECT 1 FROM sqlite_master WHERE name = 'dataset_keys'").all()
    if (has.length === 0) return
    copy.exec('DELETE FROM dataset_keys')
    copy.exec('VACUUM')
  } finally {
    copy.close()
  }
}

function look(file: string): Snapshot {
  const copy = new Sqlite(file)
  try {
    const [check] = copy.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]
    if (check?.quick_check !== 'ok') throw new SluseError('SLUSE-STORE', `(${String(check?.quick_check)})`)
    const [migration] = copy.prepare('SELECT max(number) AS schema FROM migrations').all() as {
      schema: number
    }[]
    const datasets = copy
      .prepare('SELECT coalesce(storage, id) AS storage FROM datasets WHERE erased_at IS NULL')
      .all() as { storage: string }[]
    return { schema: migration?.schema ?? 0, datasets: datasets.map(({ storage }) => storage) }
  } finally {
    copy.close()
  }
}
