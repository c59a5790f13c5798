import { open } from 'node:fs/promises'
import { problem } from '../../workflow/index.ts'
import type { BadRecord, SourceBatch } from '../connector.ts'
import { fileFault } from './faults.ts'

const chunkBytes = 512 * 1024
/** A longer line is a bad record, passed over without being held. */
const longestLine = 16 * 1024 * 1024
const mostRaw = 64 * 1024
const newline = 10

export interface LineBatch {
  readonly batch: DistributiveOmit<SourceBatch, 'position' | 'progress'>
  /** Bytes before the next. */
  readonly offset: number
  /** Lines before the next. */
  readonly line: number
}

/** Of each member of a union. */
export type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Newline-delimited JSON of a local file: lines are cut, not parsed. */
export async function* readLines(
  path: string,
  name: string,
  start: { readonly offset: number; readonly line: number },
  batchSize: number,
  signal: AbortSignal,
): AsyncGenerator<LineBatch> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw fileFault(error, path)
  })
  try {
    const place = { ...start }
    // What has been read and not given yet.
    let rest: Buffer = Buffer.alloc(0)
    let ended = false
    while (!ended || rest.length > 0) {
      signal.throwIfAborted()
      let cut = cutLines(rest, batchSize, ended)
      if (cut === undefined) {
        if (rest.length > longestLine) {
          rest = yield* passOver(rest)
          continue
        }
        rest = await more(rest)
        continue
      }
      const first = place.line
      place.offset += cut.bytes
      place.line += cut.lines
      const { numbers } = cut
      const batch = {
        lines: cut.content,
        count: cut.count,
        origin: (index: number) => `${name}:${first + (numbers ? (numbers[index] ?? 0) : index) + 1}`,
        bad: [],
      }
      rest = rest.subarray(cut.bytes)
      cut = undefined
      yield { batch, ...place }
    }

    async function more(before: Buffer): Promise<Buffer> {
      // A buffer of its own each time: what was given away is not overwritten.
      const chunk = Buffer.allocUnsafe(before.length + chunkBytes)
      before.copy(chunk)
      const { bytesRead } = await handle.read(chunk, before.length, chunkBytes, place.offset + before.length)
      if (bytesRead === 0) ended = true
      return chunk.subarray(0, before.length + bytesRead)
    }

    /** Leaves a line out that is too long; gives what has been read after it. */
    async function* passOver(begun: Buffer): AsyncGenerator<LineBatch, Buffer> {
      const raw = begun.subarray(0, mostRaw).toString('utf8')
      const origin = `${name}:${place.line + 1}`
      let length = begun.length
      let after = Buffer.alloc(0)
      for (;;) {
        signal.throwIfAborted()
        const chunk = Buffer.allocUnsafe(chunkBytes)
        const { bytesRead } = await handle.read(chunk, 0, chunkBytes, place.offset + length)
        const end = chunk.subarray(0, bytesRead).indexOf(newline)
        if (end >= 0) after = chunk.subarray(end + 1, bytesRead)
        length += end >= 0 ? end + 1 : bytesRead
        if (end < 0 && bytesRead > 0) continue
        ended = bytesRead === 0
        break
      }
      place.offset += length
      place.line += 1
      const detail = `The line has ${length} bytes; at most ${longestLine} are taken as a record.`
      const bad: BadRecord = { raw, origin, problem: problem('validation', detail) }
      yield { batch: { records: [], origin: () => origin, bad: [bad] }, ...place }
      return after
    }
  } finally {
    await handle.close()
  }
}

interface Cut {
  readonly content: Uint8Array
  readonly count: number
  /** How many bytes and lines of the file that is, with those that are left out because they are empty. */
  readonly bytes: number
  readonly lines: number
  /** Of each line given, which of the lines read it was; absent where all were given. */
  readonly numbers?: readonly number[]
}

/** The first lines of what was read, at most `most`; `undefined` where no line is whole yet. */
function cutLines(read: Buffer, most: number, ended: boolean): Cut | undefined {
  let end = 0
  let lines = 0
  let plain = true
  while (lines < most) {
    const next = read.indexOf(newline, end)
    if (next < 0) break
    if (isBlank(read, end, next)) plain = false
    end = next + 1
    lines++
  }
  if (lines < most && ended && end < read.length) {
    // The last line lacks its newline.
    const whole = cutLines(Buffer.concat([read, Buffer.of(newline)]), most, true)
    return whole && { ...whole, bytes: Math.min(whole.bytes, read.length) }
  }
  if (lines === 0) return undefined
  // While there may be more, wait for a batch that is worth its while.
  if (lines < most && !ended && read.length < chunkBytes) return undefined
  const content = withoutMark(read.subarray(0, end))
  return plain && content.length === end && !content.includes(carriageReturn)
    ? { content, count: lines, bytes: end, lines }
    : { ...compacted(content), bytes: end, lines }
}

const carriageReturn = 13

/** Without empty lines, and without the carriage returns of Windows. */
function compacted(content: Buffer): Pick<Cut, 'content' | 'count' | 'numbers'> {
  const parts: Buffer[] = []
  const numbers: number[] = []
  let at = 0
  for (let line = 0; at < content.length; line++) {
    const next = content.indexOf(newline, at)
    const end = content[next - 1] === carriageReturn ? next - 1 : next
    if (!isBlank(content, at, next)) {
      parts.push(content.subarray(at, end), Buffer.of(newline))
      numbers.push(line)
    }
    at = next + 1
  }
  return { content: Buffer.concat(parts), count: numbers.length, numbers }
}

function isBlank(content: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = content[at]
    if (byte !== 32 && byte !== 9 && byte !== carriageReturn) return false
  }
  return true
}

function withoutMark(content: Buffer): Buffer {
  const marked = content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf
  return marked ? content.subarray(3) : content
}
