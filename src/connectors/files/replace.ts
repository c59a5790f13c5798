import { createHash } from 'node:crypto'
import { fault, isObject } from '../../workflow/index.ts'
import type { Delivery, DeliveryRequest } from '../connector.ts'
import { isResumable, type PlainOptions } from '../formats/index.ts'
import { createEncoder } from './encoder.ts'
import type { FileStore } from './store.ts'

/** Writes beside the file and puts it in its place at the end: a reader sees the old one or the new one, whole. */
export async function replaceFile(
  store: FileStore,
  path: string,
  how: PlainOptions,
  request: DeliveryRequest,
): Promise<Delivery> {
  const { signal } = request
  const digest = createHash('sha256').update(request.deliveryId).digest('hex').slice(0, 16)
  const slash = path.lastIndexOf('/') + 1
  const part = `${path.slice(0, slash)}.${path.slice(slash)}.${digest}.part`
  const resumable = isResumable(how)
  const kept = resumable && isObject(request.state) ? Number(request.state.size) : 0
  // It was put in its place already, and only that we knew of it was lost.
  if (kept > 0 && !(await exists(store, part, signal))) return inPlace(path)
  const handle = await store.open(part, signal)
  if ((await handle.size()) < kept) {
    await handle.close()
    throw fault('communication', `${part} is shorter than what was written to it.`, { cause: 'TRUNCATED' })
  }
  await handle.truncate(kept)
  const encoder = createEncoder(
    how,
    isObject(request.state) && kept > 0 ? (request.state.document ?? null) : null,
    false,
  )
  let size = kept
  let closed = false
  let renamed = false
  const append = async (bytes: Uint8Array) => {
    if (bytes.length > 0) await handle.write(bytes, size)
    size += bytes.length
  }
  return {
    resumable,
    write: async (batch) => {
      const { bytes, refused } = await encoder.encode(batch)
      await append(bytes)
      return { refused, state: resumable ? { path, size, document: encoder.state() } : null }
    },
    flush: () => handle.sync(),
    async finish(finishing) {
      if (!closed) {
        await append(await encoder.end())
        await handle.sync()
        await handle.close()
        closed = true
      }
      if (renamed) return
      await store.rename(part, path, finishing)
      renamed = true
    },
    async abort() {
      if (!closed) await handle.close().catch(() => {})
      closed = true
      // Where it was interrupted, the next attempt of the same delivery goes on with it.
      if (renamed || request.signal.aborted) return
      await store.remove(part, new AbortController().signal)
    },
  }
}

async function exists(store: FileStore, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await store.stat(path, signal)
    return true
  } catch (error) {
    if ((error as { problem?: { cause?: unknown } }).problem?.cause === 'ENOENT') return false
    throw error
  }
}

function inPlace(path: string): Delivery {
  return {
    resumable: true,
    write: () => {
      throw fault('communication', `What was written for ${path} has been taken away.`, { cause: 'GONE' })
    },
    finish: async () => {},
    abort: async () => {},
  }
}
