import { copyFile, lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { packageVersion } from '../config/index.ts'
import { databaseFile, snapshotDatabase, syncToDisk } from '../database/index.ts'
import { SluseError } from '../errors.ts'

export interface Backup {
  readonly folder: string
  /** ISO 8601: the moment as of which it is. */
  readonly at: string
  readonly version: string
  /** The number of the last migration of the database. */
  readonly schema: number
  readonly files: number
  readonly bytes: number
}

export interface BackupRequest {
  /** The data folder (`SLUSE_DATA`), in use or not. */
  readonly data: string
  /** A folder that does not exist; it is there when all of it is durable, and not before. */
  readonly target: string
  /** Leaves the keys of datasets out: what is in the backup cannot be read without them. */
  readonly withoutKeys?: boolean
}

/** Tells what a backup is; lies within it. */
export const manifestFile = 'backup.json'

/**
 * Copies a data folder so that a server that is started on the copy goes on from that moment. What connectors have taken
 * in and not yet handed over comes before the database, so that nothing falls between the two. Everything else comes
 * after it: datasets only grow, and what they hold beyond the database is cut off when they are opened.
 * Throws `SLUSE-BACKUP`.
 */
export async function backUp({ data, target, withoutKeys = false }: BackupRequest): Promise<Backup> {
  const from = resolve(data)
  const to = resolve(target)
  if (`${to}${sep}`.startsWith(`${from}${sep}`)) {
    throw new SluseError('SLUSE-BACKUP', `${to} is within the data folder.`)
  }
  if (await exists(to)) throw new SluseError('SLUSE-BACKUP', `${to} exists.`)
  const partial = join(dirname(to), `.${basename(to)}.partial`)
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true, mode: 0o700 })
  try {
    const copied = { files: 0, bytes: 0 }
    const copy = (isWanted: (top: string, second: string) => boolean) =>
      copyFolder(from, partial, '', (path) => isWanted(...split(path)), copied)
    await copy((top) => handedOver.has(top))
    const at = new Date().toISOString()
    const { schema, datasets } = snapshotDatabase(from, partial, withoutKeys)
    copied.files++
    copied.bytes += (await syncToDisk(join(partial, databaseFile))).size
    const known = new Set(datasets)
    await copy((top, second) => {
      if (handedOver.has(top) || passing.test(top)) return false
      if (top === 'keys') return !withoutKeys && (second === '' || known.has(second.replace(/\.key$/, '')))
      return top !== 'datasets' || second === '' || known.has(second)
    })
    const backup = { at, version: packageVersion(), schema, ...copied }
    await writeFile(join(partial, manifestFile), `${JSON.stringify(backup, undefined, 2)}\n`, {
      mode: 0o600,
      flush: true,
    })
    await syncToDisk(partial)
    await rename(partial, to)
    await syncToDisk(dirname(to))
    return { folder: to, ...backup }
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (error instanceof SluseError) throw error
    throw new SluseError('SLUSE-BACKUP', `(${(error as Error).message})`, { cause: error })
  }
}

/** What a process leaves lying that holds the folder, or can make again. The database itself is copied apart. */
const passing = /^(sluse\.db.*|lock\.db.*|owner\.txt|backup\.json|cache|incoming|read-.*|http-.*)$/

/** Where connectors keep what a target or a broker was told that we have, until it is in a dataset. */
const handedOver = new Set(['mqtt', 'confirm'])

const split = (path: string): [top: string, second: string] => {
  const [top = '', second = ''] = path.split(sep)
  return [top, second]
}

async function copyFolder(
  from: string,
  to: string,
  path: string,
  isWanted: (path: string) => boolean,
  copied: { files: number; bytes: number },
): Promise<void> {
  for (const entry of await readdir(join(from, path), { withFileTypes: true }).catch(gone([]))) {
    const inner = join(path, entry.name)
    if (!isWanted(inner)) continue
    if (entry.isDirectory()) {
      await mkdir(join(to, inner), { mode: 0o700 })
      await copyFolder(from, to, inner, isWanted, copied)
    } else if (entry.isFile()) {
      // Where retention was quicker than we, there is nothing to keep.
      const size = await copyFile(join(from, inner), join(to, inner)).then(
        async () => (await syncToDisk(join(to, inner))).size,
        gone(undefined),
      )
      if (size === undefined) continue
      copied.files++
      copied.bytes += size
    }
  }
  await syncToDisk(join(to, path))
}

const gone =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return instead
    throw error
  }

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, gone(false))
}
