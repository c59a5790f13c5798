import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Payload, PayloadCodec } from '@temporalio/common'

const encoding = 'binary/sluse-1'
const ivBytes = 12
const tagBytes = 16
/** Smaller ones are not worth it. */
const worthCompressing = 1000

/**
 * All that Temporal is given of a run is ciphertext: AES-256-GCM with the installation's key, compressed before where
 * that pays. Whoever reads Temporal's database or its console sees names of pipelines
 * (`search-attributes.ts`) and activities, and no data.
 */
export function codecWith(key: Uint8Array): PayloadCodec {
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, key)),
    decode: async (payloads) => payloads.map((payload) => decrypt(payload, key)),
  }
}

function encrypt(payload: Payload, key: Uint8Array): Payload {
  const metadata = Object.entries(payload.metadata ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString('latin1'),
  ])
  const head = Buffer.from(JSON.stringify(metadata))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  const clear = Buffer.concat([length, head, Buffer.from(payload.data ?? [])])
  const compressed = clear.length > worthCompressing
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const body = Buffer.concat([
    cipher.update(compressed ? gzipSync(clear, { level: 1 }) : clear),
    cipher.final(),
  ])
  return {
    metadata: { encoding: Buffer.from(encoding) },
    data: Buffer.concat([Buffer.from([compressed ? 1 : 0]), iv, cipher.getAuthTag(), body]),
  }
}

/** Throws where it is not what was encrypted with this key. */
function decrypt(payload: Payload, key: Uint8Array): Payload {
  const kind = payload.metadata?.encoding
  if (!kind || Buffer.from(kind).toString() !== encoding) return payload
  const bytes = Buffer.from(payload.data ?? [])
  const at = 1 + ivBytes
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, at))
  decipher.setAuthTag(bytes.subarray(at, at + tagBytes))
  const body = Buffer.concat([decipher.update(bytes.subarray(at + tagBytes)), decipher.final()])
  const clear = bytes[0] === 1 ? gunzipSync(body) : body
  const end = 4 + clear.readUInt32BE(0)
  const metadata = JSON.parse(clear.subarray(4, end).toString()) as [string, string][]
  return {
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name, Buffer.from(value, 'latin1')])),
    data: clear.subarray(end),
  }
}
