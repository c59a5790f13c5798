import { openKeySet, type KeySet } from '../../../database/index.ts'
import { SluseError } from '../../../errors.ts'
import { readParts } from './manifest.ts'
import { readPart, type Objects } from './objects.ts'

/** What is handed to the set at once. */
const atOnce = 10_000

/**
 * The keys that a step has seen: a set on this machine's disk, which is made anew from what the bucket has of it, and
 * lives as long as whoever asked for it. What is saved is given to `append`, to become durable with the records.
 */
export async function openSeenKeys(
  objects: Objects,
  stream: string,
  file: string,
  append: (bytes: Uint8Array) => void,
): Promise<KeySet> {
  const set = openKeySet(file, 0)
  try {
    for (const part of await readParts(objects.database, objects.name, stream)) {
      const bytes = await readPart(objects, part, 0, part.bytes)
      if (bytes.length % keyBytes !== 0) {
        throw new SluseError('SLUSE-DATASET-DAMAGED', `(${objects.prefix}${part.object})`)
      }
      const keys = Array.from({ length: bytes.length / keyBytes }, (_, at) =>
        bytes.subarray(at * keyBytes, (at + 1) * keyBytes),
      )
      for (let from = 0; from < keys.length; from += atOnce) set.add(keys.slice(from, from + atOnce), 0)
    }
    set.save()
  } catch (error) {
    set.close()
    throw error
  }
  let added: Uint8Array[] = []
  return {
    add(keys, batch) {
      const fresh = set.add(keys, batch)
      added.push(...keys.filter((_, index) => fresh[index]))
      return fresh
    },
    save() {
      set.save()
      if (added.length > 0) append(Buffer.concat(added))
      added = []
    },
    close: () => set.close(),
  }
}

/** How far the bucket has it, in bytes. */
export async function lengthOf({ database, name }: Objects, stream: string): Promise<number> {
  const last = (await readParts(database, name, stream)).at(-1)
  return last ? last.start + last.bytes : 0
}

const keyBytes = 16
