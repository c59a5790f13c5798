import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluseError } from '../../errors.ts'

/**
 * The keys of datasets: a file each, in a folder of their own, so that a backup can leave them out or keep them
 * apart. Without its key a dataset cannot be read any more: that is how it is erased, also from backups.
 */
export interface Keys {
  /** A new key, durable when this resolves; the one that there is where there is one. */
  create(dataset: string): Promise<Uint8Array>
  /** One that was made elsewhere; durable when this resolves. */
  put(dataset: string, key: Uint8Array): Promise<void>
  /** Throws `SLUSE-DATASET-ERASED`. */
  get(dataset: string): Promise<Uint8Array>
  /** For ever. */
  destroy(dataset: string): Promise<void>
}

export function openKeys(dataFolder: string): Keys {
  const folder = join(dataFolder, 'keys')
  const fileOf = (dataset: string) => join(folder, `${dataset}.key`)
  const put = async (dataset: string, key: Uint8Array) => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(fileOf(dataset), 'w', 0o600)
    try {
      await file.writeFile(key)
      await file.sync()
    } finally {
      await file.close()
    }
  }
  return {
    async create(dataset) {
      const found = await readFile(fileOf(dataset)).catch(() => undefined)
      if (found?.length === keyBytes) return found
      const key = randomBytes(keyBytes)
      await put(dataset, key)
      return key
    },
    put,
    async get(dataset) {
      const key = await readFile(fileOf(dataset)).catch(() => undefined)
      if (key?.length === keyBytes) return key
      throw new SluseError('SLUSE-DATASET-ERASED', `(${dataset})`)
    },
    async destroy(dataset) {
      // Over the old bytes first: removing a file leaves them where they were.
      await writeFile(fileOf(dataset), randomBytes(keyBytes), { flag: 'r+', flush: true }).catch(() => {})
      await rm(fileOf(dataset), { force: true })
    },
  }
}

export const keyBytes = 32
const ivBytes = 12
const tagBytes = 16

/** AES-256-GCM with a nonce of its own: nonce, tag, and what was encrypted. */
export function encryptBytes(bytes: Uint8Array, key: Uint8Array): Buffer {
  const iv = nonce()
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const body = cipher.update(bytes)
  cipher.final()
  return Buffer.concat([iv, cipher.getAuthTag(), body])
}

/** Throws where the bytes are not what was encrypted with this key. */
export function decryptBytes(bytes: Uint8Array, key: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes))
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
  const body = decipher.update(bytes.subarray(ivBytes + tagBytes))
  decipher.final()
  return body
}

/** A text that is always the same for the same text and key, and says nothing of it. */
export function digestOf(text: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest().subarray(0, 16)
}

/** Random bytes taken many at a time: asking for a few is as dear as for many. */
let pool = Buffer.alloc(0)
function nonce(): Buffer {
  if (pool.length < ivBytes) pool = randomBytes(ivBytes * 512)
  const taken = pool.subarray(0, ivBytes)
  pool = pool.subarray(ivBytes)
  return taken
}
