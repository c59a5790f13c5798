import { posix } from 'node:path'
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2'
import { fault, problemOf } from '../../workflow/index.ts'
import { fileFault, outside, type FileStore, type StoredFile, type WritableFile } from '../files/index.ts'
import type { OpenSftp, SftpSession } from './session.ts'

const pieceSize = 128 * 1024
/** Reads that are under way at once: the way to the server is long. */
const readsAhead = 8

/** Files below a folder on the server; links on the server are the server's business, `..` is refused here. */
export function sftpStore(session: SftpSession, root: string): FileStore {
  const at = (path: string): string => {
    const joined = posix.join(root, path)
    const inside = joined === posix.normalize(root) || joined.startsWith(root.replace(/\/*$/, '/'))
    if (path.includes('\0') || (!inside && root !== '.' && root !== '')) throw outside(path)
    if (joined.split('/').includes('..')) throw outside(path)
    return joined
  }
  const call = async <T>(
    path: string,
    signal: AbortSignal,
    operation: (sftp: SFTPWrapper, at: string) => Promise<T>,
  ) => {
    try {
      const here = at(path)
      const { sftp, lost } = await session.open(signal)
      return await abortable(Promise.race([operation(sftp, here), lost]), signal)
    } catch (error) {
      signal.throwIfAborted()
      throw sftpFault(error, path)
    }
  }
  const makeFolder = async (sftp: SFTPWrapper, folder: string): Promise<void> => {
    if (folder === '.' || folder === '/' || (await exists(sftp, folder))) return
    await makeFolder(sftp, posix.dirname(folder))
    await done((callback) => sftp.mkdir(folder, callback)).catch(async (error: unknown) => {
      if (!(await exists(sftp, folder))) throw error
    })
  }
  const list = async (
    sftp: SFTPWrapper,
    folder: string,
    shown: string,
    deep: boolean,
  ): Promise<StoredFile[]> => {
    const entries = await given<FileEntryWithStats[]>((callback) => sftp.readdir(folder, callback))
    const found: StoredFile[] = []
    for (const { filename, attrs } of entries) {
      if (filename === '.' || filename === '..') continue
      const path = shown === '' ? filename : `${shown}/${filename}`
      if (attrs.isFile()) found.push(stored(path, attrs))
      else if (deep && attrs.isDirectory())
        found.push(...(await list(sftp, posix.join(folder, filename), path, deep)))
    }
    return found
  }

  return {
    list: (folder, deep, signal) => call(folder, signal, (sftp, here) => list(sftp, here, folder, deep)),
    stat: (path, signal) =>
      call(path, signal, async (sftp, here) => {
        const found = await given<Stats>((callback) => sftp.stat(here, callback))
        if (!found.isFile()) throw fault('configuration', `${path} is not a file.`)
        return stored(path, found)
      }),
    async *read(path, from, signal) {
      const handle = await call(path, signal, (sftp, here) =>
        given<Buffer>((back) => sftp.open(here, 'r', back)),
      )
      const { sftp } = await session.open(signal)
      const readAt = (position: number) =>
        call(path, signal, () => readPiece(sftp, handle, position, pieceSize))
      try {
        const ahead: Promise<Buffer>[] = []
        let next = from
        for (;;) {
          while (ahead.length < readsAhead) {
            const piece = readAt(next)
            piece.catch(() => {})
            ahead.push(piece)
            next += pieceSize
          }
          const piece = await (ahead.shift() as Promise<Buffer>)
          if (piece.length > 0) yield piece
          // A piece that is short is the last: what was asked for after it is not there.
          if (piece.length < pieceSize) return
        }
      } finally {
        sftp.close(handle, () => {})
      }
    },
    open: (path, signal) =>
      call(path, signal, async (sftp, here) => {
        await makeFolder(sftp, posix.dirname(here))
        const handle = await given<Buffer>((back) => sftp.open(here, 'r+', back)).catch(() =>
          given<Buffer>((back) => sftp.open(here, 'w+', back)),
        )
        return writable(await session.open(signal), handle, path)
      }),
    rename: (from, to, signal) =>
      call(from, signal, async (sftp, here) => {
        const target = at(to)
        await makeFolder(sftp, posix.dirname(target))
        await rename(sftp, here, target, to)
      }),
    remove: (path, signal) =>
      call(path, signal, (sftp, here) =>
        done((callback) => sftp.unlink(here, callback)).catch((error: unknown) => {
          if (codeOf(error) !== 'ENOENT') throw error
        }),
      ),
  }
}

/** In one step where the server knows how to replace a file (OpenSSH does), else only where nothing is there. */
async function rename(sftp: SFTPWrapper, from: string, to: string, shown: string): Promise<void> {
  try {
    await done((callback) => sftp.ext_openssh_rename(from, to, callback))
  } catch (error) {
    if (!/does not support|unsupported/i.test((error as Error).message)) throw error
    if (await exists(sftp, to)) {
      throw fault(
        'communication',
        `The server cannot replace ${shown} in one step: give the path a {date} or {id}, so that nothing is there.`,
      )
    }
    await done((callback) => sftp.rename(from, to, callback))
  }
}

function writable({ sftp, lost }: OpenSftp, handle: Buffer, path: string): WritableFile {
  const safely = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await Promise.race([operation(), lost])
    } catch (error) {
      throw sftpFault(error, path)
    }
  }
  return {
    size: () => safely(async () => (await given<Stats>((callback) => sftp.fstat(handle, callback))).size),
    read: (position, length) =>
      safely(async () => {
        const pieces: Buffer[] = []
        let read = 0
        while (read < length) {
          const piece = await readPiece(sftp, handle, position + read, Math.min(pieceSize, length - read))
          if (piece.length === 0) break
          pieces.push(piece)
          read += piece.length
        }
        return Buffer.concat(pieces)
      }),
    write: (bytes, position) =>
      safely(async () => {
        const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        const writes: Promise<void>[] = []
        for (let start = 0; start < buffer.length; start += pieceSize) {
          const length = Math.min(pieceSize, buffer.length - start)
          writes.push(
            done((callback) => sftp.write(handle, buffer, start, length, position + start, callback)),
          )
          if (writes.length >= readsAhead) await writes.shift()
        }
        await Promise.all(writes)
      }),
    truncate: (size) => safely(() => done((callback) => sftp.fsetstat(handle, { size }, callback))),
    sync: () =>
      safely(() =>
        done((callback) => sftp.ext_openssh_fsync(handle, callback)).catch((error: unknown) => {
          // A server that cannot be asked for it says when it has taken a write, and no more.
          if (!/does not support|unsupported/i.test((error as Error).message)) throw error
        }),
      ),
    close: () => safely(() => done((callback) => sftp.close(handle, callback))),
  }
}

/** Exactly `length` bytes, but at the end of the file. */
async function readPiece(
  sftp: SFTPWrapper,
  handle: Buffer,
  position: number,
  length: number,
): Promise<Buffer> {
  const piece = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const bytes = await new Promise<number>((resolve, reject) => {
      sftp.read(handle, piece, read, length - read, position + read, (error, count) => {
        if (!error) resolve(count)
        else if ((error as { code?: unknown }).code === 1) resolve(0)
        else reject(error)
      })
    })
    if (bytes === 0) break
    read += bytes
  }
  return piece.subarray(0, read)
}

const stored = (path: string, { size, mtime }: { size: number; mtime: number }): StoredFile => ({
  path,
  size,
  modified: mtime * 1000,
})

async function exists(sftp: SFTPWrapper, path: string): Promise<boolean> {
  return given<Stats>((callback) => sftp.stat(path, callback)).then(
    () => true,
    () => false,
  )
}

function given<T>(operation: (callback: (error: Error | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    operation((error, value) => (error ? reject(error) : resolve(value)))
  })
}

function done(operation: (callback: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    operation((error) => (error ? reject(error) : resolve()))
  })
}

/** An answer that never comes does not hold up one who has given up. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** SFTP's own numbers (draft-ietf-secsh-filexfer-02, section 7) as the names that files have elsewhere. */
const codes: { readonly [code: number]: string } = { 2: 'ENOENT', 3: 'EACCES' }

const codeOf = (error: unknown): string | undefined => {
  const { code } = error as { code?: unknown }
  return typeof code === 'number' ? codes[code] : undefined
}

function sftpFault(error: unknown, path: string) {
  if (problemOf(error)) return error
  const code = codeOf(error)
  if (code !== undefined) return fileFault({ code }, path === '' ? 'The folder' : path)
  return fault('communication', `${path}: ${(error as Error).message}.`, { cause: 'SFTP' })
}
