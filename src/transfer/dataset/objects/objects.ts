import type { S3Client } from '../../../connectors/index.ts'
import type { Database } from '../../../database/index.ts'
import { SluseError } from '../../../errors.ts'
import { unreachable } from './bucket.ts'
import type { Part } from './manifest.ts'

/** One dataset in a bucket. */
export interface Objects {
  readonly client: S3Client
  /** `DatasetRow.storage` */
  readonly name: string
  /** In front of the keys of its objects. */
  readonly prefix: string
  /** For people. */
  readonly place: string
  readonly database: Database
  /** Aborts when nobody is to wait for it any more. */
  readonly signal: AbortSignal
}

/** The stream of a segment. */
export function streamOf(segment: number): string {
  return String(segment).padStart(8, '0')
}

/** Some bytes of an object. Throws `SLUSE-DATASET-DAMAGED` where it is gone or shorter than it was. */
export async function readPart(
  { client, prefix, place, signal }: Objects,
  { object }: Part,
  from: number,
  length: number,
): Promise<Buffer> {
  const key = `${prefix}${object}`
  const { status, body } = await client.send('GET', key, {
    headers: { range: `bytes=${from}-${from + length - 1}` },
    anyStatus: [404, 416],
    maxBytes: length + 1024 * 1024,
    signal,
  })
  if (status === 404 && Buffer.from(body).includes('NoSuchBucket')) {
    throw unreachable(place, 'there is no such bucket.')
  }
  if (status === 404) throw new SluseError('SLUSE-DATASET-DAMAGED', `(${key} is gone from ${place})`)
  if (status === 416 || body.length !== length) {
    throw new SluseError('SLUSE-DATASET-DAMAGED', `(${key} in ${place} is shorter than it was written)`)
  }
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}
