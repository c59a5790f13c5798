import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { syncToDisk } from '../../database/index.ts'
import { fileFault, outside, type FileStore, type StoredFile, type WritableFile } from '../files/index.ts'

/** Files in a local folder; neither a path nor a link on its way leads out of it. */
export function localStore(root: string): FileStore {
  const within = (path: string): string => {
    const absolute = resolve(root, path)
    const below = absolute.startsWith(root.endsWith(sep) ? root : root + sep)
    if ((below || absolute === root) && !path.includes('\0')) return absolute
    throw outside(path)
  }
  const safely = async <T>(path: string, operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation()
    } catch (error) {
      throw fileFault(error, join(root, path))
    }
  }
  /** Links followed. */
  const readable = (path: string) =>
    safely(path, async () => {
      const absolute = within(path)
      const [realRoot, real] = await Promise.all([realpath(root), realpath(absolute)])
      if (real !== realRoot && !real.startsWith(realRoot + sep)) throw outside(path)
      return real
    })
  /** Its folder made, and links of that followed. */
  const writable = (path: string) =>
    safely(path, async () => {
      const absolute = within(path)
      await mkdir(root, { recursive: true })
      const realRoot = await realpath(root)
      const folder = await makeFolder(dirname(absolute), realRoot, path)
      return resolve(folder, basename(absolute))
    })
  const stored = async (path: string): Promise<StoredFile> => {
    const { size, mtimeMs } = await stat(await readable(path))
    return { path, size, modified: Math.floor(mtimeMs) }
  }

  return {
    list: (folder, deep, signal) =>
      safely(folder, async () => {
        const start = await readable(folder)
        const found: StoredFile[] = []
        for (const entry of await readdir(start, { withFileTypes: true, recursive: deep })) {
          signal.throwIfAborted()
          if (!entry.isFile()) continue
          const below = relative(start, join(entry.parentPath, entry.name)).split(sep).join('/')
          found.push(await stored(folder === '' ? below : `${folder}/${below}`))
        }
        return found
      }),
    stat: (path) => safely(path, () => stored(path)),
    async *read(path, from, signal) {
      try {
        yield* createReadStream(await readable(path), { start: from, highWaterMark: 256 * 1024, signal })
      } catch (error) {
        signal.throwIfAborted()
        throw fileFault(error, join(root, path))
      }
    },
    open: (path) =>
      safely(path, async () => {
        const target = await writable(path)
        const handle = await openAnew(target).catch(async (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
          // What is there may be a link: that must not lead out either.
          return open(await readable(path), 'r+')
        })
        return writableFile(handle, target)
      }),
    rename: (from, to) =>
      safely(from, async () => {
        const target = await writable(to)
        await rename(await readable(from), target)
        await syncToDisk(dirname(target))
      }),
    remove: (path) => safely(path, async () => rm(await writable(path), { force: true })),
    localPath: readable,
  }
}

/** Makes what is missing, one folder at a time, so that none is made beyond a link that leads out. */
async function makeFolder(folder: string, realRoot: string, path: string): Promise<string> {
  const real = await realpath(folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    const parent = await makeFolder(dirname(folder), realRoot, path)
    const made = resolve(parent, basename(folder))
    await mkdir(made, { recursive: true })
    return made
  })
  if (real !== realRoot && !real.startsWith(realRoot + sep)) throw outside(path)
  return real
}

const openAnew = (path: string): Promise<FileHandle> => open(path, 'wx+', 0o640)

function writableFile(handle: FileHandle, path: string): WritableFile {
  const safely = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation()
    } catch (error) {
      throw fileFault(error, path)
    }
  }
  return {
    size: () => safely(async () => (await handle.stat()).size),
    read: (position, length) =>
      safely(async () => {
        const found = Buffer.alloc(length)
        let read = 0
        while (read < length) {
          const { bytesRead } = await handle.read(found, read, length - read, position + read)
          if (bytesRead === 0) break
          read += bytesRead
        }
        return found.subarray(0, read)
      }),
    write: (bytes, position) =>
      safely(async () => {
        let written = 0
        while (written < bytes.length) {
          const step = await handle.write(bytes, written, bytes.length - written, position + written)
          written += step.bytesWritten
        }
      }),
    truncate: (size) => safely(() => handle.truncate(size)),
    sync: () => safely(() => handle.datasync()),
    close: () => safely(() => handle.close()),
  }
}
