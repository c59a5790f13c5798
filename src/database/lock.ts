import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { SluseError } from '../errors.ts'

/**
 * Takes the data folder for this process; two at once would run every effect twice.
 * The lock is SQLite's own on a small file: the operating system drops it when its owner dies, also by
 * `kill -9`, and it holds between containers that share the folder. Returns how to let go.
 */
export function lockFolder(folder: string): () => void {
  const owner = join(folder, 'owner.txt')
  const lock = new Sqlite(join(folder, 'lock.db'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new SluseError('SLUSE-STORE-LOCKED', `${folder} is held by ${readOwner(owner)}.`, { cause })
  }
  writeFileSync(owner, `process ${process.pid} on ${hostname()}\n`)
  return () => {
    lock.exec('ROLLBACK')
    lock.close()
  }
}

function readOwner(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return 'another process'
  }
}
