import { createHash } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fault, isObject } from '../../workflow/index.ts'
import type { Delivery, DeliveryRequest } from '../connector.ts'
import { fileFault, writablePath } from './files.ts'

/** Writes beside the file and puts it in its place at the end: a reader sees the old one or the new one, whole. */
export async function replaceFile(root: string, path: string, request: DeliveryRequest): Promise<Delivery> {
  const target = await writablePath(root, path)
  const digest = createHash('sha256').update(request.deliveryId).digest('hex').slice(0, 16)
  const folder = dirname(target)
  const part = join(folder, `.${basename(target)}.${digest}.part`)
  const kept = isObject(request.state) ? Number(request.state.size) : 0
  const found = await stat(part).catch(() => undefined)
  // It was put in its place already, and only that we knew of it was lost.
  if (!found && kept > 0) return inPlace(target)
  if (found && found.size < kept) {
    throw fault('communication', `${part} is shorter than what was written to it.`, { cause: 'TRUNCATED' })
  }
  const handle = await open(part, kept > 0 ? 'r+' : 'w', 0o640).catch((error: unknown) => {
    throw fileFault(error, part)
  })
  await handle.truncate(kept)
  let size = kept
  let closed = false
  const safely = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation()
    } catch (error) {
      throw fileFault(error, part)
    }
  }
  return {
    resumable: true,
    write: (batch) =>
      safely(async () => {
        const lines = batch.lines()
        let written = 0
        while (written < lines.length) {
          const { bytesWritten } = await handle.write(lines, written, lines.length - written, size + written)
          written += bytesWritten
        }
        size += lines.length
        return { refused: [], state: { size } }
      }),
    flush: () => safely(() => handle.datasync()),
    finish: () =>
      safely(async () => {
        if (closed) return
        await handle.sync()
        await handle.close()
        closed = true
        await rename(part, target)
        await syncFolder(folder)
      }),
    async abort() {
      if (!closed) await handle.close().catch(() => {})
      closed = true
      // What is resumed needs it; what is not is left for the next attempt of the same delivery.
      if (request.signal.aborted) return
      await rm(part, { force: true })
    },
  }
}

function inPlace(target: string): Delivery {
  return {
    resumable: true,
    write: () => {
      throw fault('communication', `What was written for ${target} has been taken away.`, { cause: 'GONE' })
    },
    finish: async () => {},
    abort: async () => {},
  }
}

/** Until then a power cut may undo the rename. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
