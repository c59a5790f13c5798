import { createHash, randomFillSync } from 'node:crypto'
import { derivedIdBy } from '../run/derived-id.ts'

let lastTime = 0
let counter = 0

/** A UUID of version 7 (RFC 9562): sorts by the time of its making, also within one millisecond. */
export function timeOrderedId(now: number): string {
  if (now > lastTime) {
    lastTime = now
    counter = 0
  } else if (++counter > 0xfff) {
    lastTime++
    counter = 0
  }
  const bytes = chance(16)
  bytes.writeUIntBE(lastTime, 0, 6)
  bytes.writeUInt16BE(0x7000 | counter, 6)
  return withVariant(bytes)
}

/** A UUID of version 5 (RFC 9562): the same for the same run and name. */
export function derivedId(runId: string, name: string): string {
  return derivedIdBy((bytes) => createHash('sha1').update(bytes).digest(), runId, name)
}

/** Random bytes are had from the system many at a time. */
const pool = Buffer.alloc(4096)
let used = pool.length

function chance(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += count
  return Buffer.from(pool.subarray(used - count, used))
}

function withVariant(bytes: Buffer): string {
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
