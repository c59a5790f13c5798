import { fault } from '../../workflow/index.ts'
import { fileFault, outside, type ReadableStore, type StoredFile } from '../files/index.ts'
import type { S3Client } from './client.ts'
import { listObjects } from './list.ts'

/** What is asked for at once of a large object; the next is asked for while this one is read. */
const pieceSize = 8 * 1024 * 1024

/** Objects as files: a key is a path. */
export function s3Store(client: S3Client): ReadableStore {
  const keyOf = (path: string) => {
    if (path.split('/').includes('..') || path.startsWith('/')) throw outside(path)
    return path
  }
  const stat = async (path: string, signal: AbortSignal): Promise<StoredFile> => {
    const { status, headers } = await client.send('HEAD', keyOf(path), { signal, anyStatus: true })
    if (status === 404) throw fileFault({ code: 'ENOENT' }, path)
    if (status === 403) throw fault('authorization', `${path}: it may not be accessed with this key.`)
    if (status >= 300) throw fault('communication', `${path}: the storage answered ${status}.`, { status })
    return {
      path,
      size: Number(headers['content-length'] ?? 0),
      modified: Date.parse(headers['last-modified'] ?? '') || 0,
    }
  }
  const remove = async (path: string, signal: AbortSignal) => {
    await client.send('DELETE', keyOf(path), { signal })
  }
  return {
    async list(folder, deep, signal) {
      const prefix = folder === '' ? '' : `${keyOf(folder)}/`
      const found: StoredFile[] = []
      for await (const page of listObjects(client, prefix, deep, signal)) {
        for (const { key, size, modified } of page) {
          // A key that ends so is a folder that some tool has made visible.
          if (!key.endsWith('/')) found.push({ path: key, size, modified })
        }
      }
      return found
    },
    stat,
    async *read(path, from, signal) {
      const { size } = await stat(path, signal)
      let etag: string | undefined
      const piece = async (start: number) => {
        const end = Math.min(start + pieceSize, size) - 1
        const headers = { range: `bytes=${start}-${end}`, ...(etag !== undefined && { 'if-match': etag }) }
        const answer = await client.send('GET', keyOf(path), { headers, signal, maxBytes: pieceSize + 1024 })
        etag ??= answer.headers.etag
        return answer.body
      }
      let next: Promise<Uint8Array> | undefined
      for (let start = from; start < size; start += pieceSize) {
        const bytes = await (next ?? piece(start)).catch((error: unknown) => {
          if ((error as { problem?: { status?: unknown } }).problem?.status !== 412) throw error
          throw fault(
            'validation',
            `${path} has changed while it was being read: read it again from its start.`,
          )
        })
        next = start + pieceSize < size ? piece(start + pieceSize) : undefined
        next?.catch(() => {})
        yield bytes
      }
    },
    async rename(from, to, signal) {
      const source = `/${client.bucket}/${from.split('/').map(encodeURIComponent).join('/')}`
      await client.send('PUT', keyOf(to), { headers: { 'x-amz-copy-source': source }, signal })
      await remove(from, signal)
    },
    remove,
  }
}
