import type { Readable } from 'node:stream'
import type { Entry, ZipFile } from 'yauzl'
import { fault } from '../../workflow/index.ts'
import { checkMeasure, unpackLimits, type UnpackLimits } from './compression.ts'

export interface ZipEntry {
  readonly name: string
  readonly size: number
  /** Its bytes, unpacked; throws a `validation` fault where they are not whole or unfold without measure. */
  bytes(): AsyncGenerator<Uint8Array>
}

const mostEntries = 10_000

/**
 * The files in a zip file, in the order of its directory. Their names are only told, never used as paths of ours.
 * `close` lets go of the file.
 */
export async function openZip(
  file: string,
  limits: UnpackLimits = unpackLimits,
): Promise<{ entries: readonly ZipEntry[]; close(): void }> {
  const { open } = await import('yauzl')
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    open(file, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, opened) => {
      if (error) reject(zipFault(error))
      else resolve(opened)
    })
  })
  try {
    const entries = await readDirectory(zip)
    return {
      entries: entries
        .filter(({ fileName }) => !fileName.endsWith('/'))
        .map((entry) => ({
          name: entry.fileName,
          size: entry.uncompressedSize,
          bytes: () => entryBytes(zip, entry, limits),
        })),
      close: () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error
  }
}

function readDirectory(zip: ZipFile): Promise<Entry[]> {
  if (zip.entryCount > mostEntries) {
    throw fault('validation', `The zip holds more than the ${mostEntries} files that are allowed.`)
  }
  return new Promise((resolve, reject) => {
    const entries: Entry[] = []
    zip.on('entry', (entry: Entry) => {
      entries.push(entry)
      zip.readEntry()
    })
    zip.on('end', () => resolve(entries))
    zip.on('error', (error: Error) => reject(zipFault(error)))
    zip.readEntry()
  })
}

async function* entryBytes(zip: ZipFile, entry: Entry, limits: UnpackLimits): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted())
    throw fault('validation', `${entry.fileName} in the zip is encrypted, which is not read.`)
  const stream = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => {
      if (error) reject(zipFault(error))
      else resolve(opened)
    })
  })
  let bytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength
      checkMeasure(Math.max(entry.compressedSize, 1), bytes, limits)
      yield chunk
    }
  } catch (error) {
    throw (error as { problem?: unknown }).problem ? error : zipFault(error as Error)
  } finally {
    stream.destroy()
  }
}

const zipFault = (error: Error) => fault('validation', `It is not a valid zip file: ${error.message}.`)
