import { fault, isObject, type Json } from '../../workflow/index.ts'
import type { Delivery, DeliveryRequest } from '../connector.ts'
import { canAppend, type PlainOptions } from '../formats/index.ts'
import type { Encoder } from './encoder.ts'
import type { FileStore, WritableFile } from './store.ts'

/**
 * Adds records to a file. After an interruption, what was added since the checkpoint is recognised where it lies and
 * not written again: nothing is cut off, because somebody else may have added, too.
 */
export async function appendTo(
  store: FileStore,
  path: string,
  how: PlainOptions,
  request: DeliveryRequest,
  encoderFor: (state: Json, appending: boolean) => Encoder,
): Promise<Delivery> {
  if (!canAppend(how)) {
    throw fault(
      'configuration',
      `Nothing can be added to a file of ${how.format.name}: use the mode replace, or a path with {id}.`,
    )
  }
  const kept = isObject(request.state) ? request.state : undefined
  const handle = await store.open(path, request.signal)
  const size = await handle.size()
  const resumed = kept && Number(kept.size)
  /** From where on lies what may be ours already. */
  let known = resumed ?? size
  let end = size
  let comparing = resumed !== undefined && resumed < size
  let closed = false
  const startedAt = kept ? Number(kept.from ?? kept.size) : size
  if (startedAt > 0 && how.format.name === 'csv' && !how.own.names && !how.own.columns) {
    await handle.close()
    throw fault(
      'configuration',
      `${path} has rows already: name the columns with \`csv.names\` to add to them.`,
    )
  }
  const encoder = encoderFor(kept?.document ?? null, startedAt > 0)
  const state = () => ({ path, size: known, from: startedAt, document: encoder.state() })

  return {
    resumable: true,
    state: state(),
    async write(batch) {
      const { bytes, refused } = await encoder.encode(batch)
      const there = comparing ? await sameBytes(handle, known, end, bytes) : 0
      if (there < bytes.length) {
        if (there === 0) end += await endLine(handle, end, how)
        comparing = false
        await handle.write(bytes.subarray(there), end)
        end += bytes.length - there
      }
      known = comparing ? known + there : end
      return { refused, state: state() }
    },
    flush: () => handle.sync(),
    async finish() {
      if (closed) return
      await handle.sync()
      await handle.close()
      closed = true
    },
    async abort() {
      if (!closed) await handle.close().catch(() => {})
      closed = true
    },
  }
}

/** How many of `bytes` lie in the file already, from `from` on: all, a beginning that a crash left, or none. */
async function sameBytes(
  handle: WritableFile,
  from: number,
  end: number,
  bytes: Uint8Array,
): Promise<number> {
  const length = Math.min(bytes.length, end - from)
  const found = await handle.read(from, length)
  return found.length === length && found.equals(bytes.subarray(0, length)) ? length : 0
}

/** A last line that somebody left without its end is not made longer. */
async function endLine(handle: WritableFile, end: number, how: PlainOptions): Promise<number> {
  if (end === 0 || how.compression !== 'none' || (how.encoding ?? 'utf-8').startsWith('utf-16')) return 0
  const [last] = await handle.read(end - 1, 1)
  if (last === 10) return 0
  await handle.write(Buffer.from('\n'), end)
  return 1
}
