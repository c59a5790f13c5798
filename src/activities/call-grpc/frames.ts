import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** An answer is longer than allowed. */
export class TooLarge extends Error {}

/** A message as gRPC frames it: whether it is compressed, its length, itself. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(5 + message.length)
  framed.writeUInt32BE(message.length, 1)
  framed.set(message, 5)
  return framed
}

/** The messages in a stream of frames, at most `maxBytes` together. Throws where the last one is not whole. */
export async function readFrames(
  stream: AsyncIterable<Buffer>,
  encoding: () => string,
  maxBytes: number,
): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = []
  const tooLarge = () => new TooLarge(`the answer is larger than the ${maxBytes} bytes that are allowed`)
  let total = 0
  let chunks: Buffer[] = []
  let buffered = 0
  let wanted = 5
  for await (const chunk of stream) {
    chunks.push(chunk)
    buffered += chunk.length
    while (buffered >= wanted) {
      const bytes: Buffer = Buffer.concat(chunks)
      const length = bytes.readUInt32BE(1)
      if (total + length > maxBytes) throw tooLarge()
      if (bytes.length < 5 + length) {
        chunks = [bytes]
        wanted = 5 + length
        break
      }
      const message = await unpacked(
        bytes.subarray(5, 5 + length),
        bytes[0] === 1,
        encoding(),
        maxBytes - total,
      )
      if (message === undefined) throw tooLarge()
      total += message.length
      messages.push(message)
      chunks = [bytes.subarray(5 + length)]
      buffered -= 5 + length
      wanted = 5
    }
  }
  if (buffered > 0) throw new Error('the answer ended within a message')
  return messages
}

async function unpacked(
  bytes: Buffer,
  compressed: boolean,
  encoding: string,
  most: number,
): Promise<Uint8Array | undefined> {
  if (!compressed) return bytes
  if (encoding !== 'gzip')
    throw new Error(`the answer is compressed in a way that was not asked for: ${encoding}`)
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: Math.max(1, most) })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}
