import { open, type FileHandle } from 'node:fs/promises'
import { isObject } from '../../workflow/index.ts'
import type { Delivery, DeliveryRequest } from '../connector.ts'
import { fileFault, writablePath } from './files.ts'

/**
 * Appends lines. After an interruption, what was appended since the checkpoint is recognised where it lies and not
 * written again: nothing is cut off, because somebody else may have appended, too.
 */
export async function appendTo(root: string, path: string, request: DeliveryRequest): Promise<Delivery> {
  const target = await writablePath(root, path)
  const handle = await open(target, 'a+', 0o640).catch((error: unknown) => {
    throw fileFault(error, target)
  })
  const { size } = await handle.stat()
  const resumed = isObject(request.state) ? Number(request.state.size) : undefined
  /** From where on lies what may be ours already. */
  let known = resumed ?? size
  let end = size
  let comparing = resumed !== undefined && resumed < size
  let closed = false
  const safely = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation()
    } catch (error) {
      throw fileFault(error, target)
    }
  }

  return {
    resumable: true,
    state: { size: known },
    write: (batch) =>
      safely(async () => {
        const lines = batch.lines()
        const there = comparing ? await sameBytes(handle, known, end, lines) : 0
        if (there < lines.length) {
          if (there === 0) await endLine(handle, end)
          comparing = false
          await writeAll(handle, lines.subarray(there))
          end = (await handle.stat()).size
        }
        known = comparing ? known + there : end
        return { refused: [], state: { size: known } }
      }),
    flush: () => safely(() => handle.datasync()),
    finish: () =>
      safely(async () => {
        if (closed) return
        await handle.datasync()
        await handle.close()
        closed = true
      }),
    async abort() {
      if (!closed) await handle.close().catch(() => {})
      closed = true
    },
  }
}

/** How many of `lines` lie in the file already, from `from` on: all, a beginning that a crash left, or none. */
async function sameBytes(handle: FileHandle, from: number, end: number, lines: Uint8Array): Promise<number> {
  const length = Math.min(lines.length, end - from)
  const found = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await handle.read(found, read, length - read, from + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  if (read === length && found.equals(lines.subarray(0, length))) return length
  return 0
}

/** A last line that somebody left without its end is not made longer. */
async function endLine(handle: FileHandle, end: number): Promise<void> {
  const last = Buffer.alloc(1)
  if (end === 0 || (await handle.read(last, 0, 1, end - 1)).bytesRead === 0 || last[0] === 10) return
  await writeAll(handle, Buffer.from('\n'))
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written)
    written += bytesWritten
  }
}
