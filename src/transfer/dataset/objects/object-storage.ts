import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listObjects } from '../../../connectors/index.ts'
import type { Database } from '../../../database/index.ts'
import { checkBucket, tellingOf, type Bucket } from './bucket.ts'
import { readParts } from './manifest.ts'
import type { DatasetStorage, Pace } from '../storage.ts'
import { ObjectAppender } from './object-appender.ts'
import { ObjectReader } from './object-reader.ts'

export interface ObjectStorageOptions extends Bucket {
  /** Where it is written which objects make up a dataset. */
  readonly database: Database
  /** Absolute: what can be made again is kept there. */
  readonly cacheFolder: string
}

/** A commit is a request, and an object: seldomer than in a folder. */
const pace: Pace = { firstMs: 50, everyMs: 2000, everyBytes: 4 * 1024 * 1024 }
/** What is in nobody's use is removed after so long: a reader elsewhere may be at it, or a backup name it. */
const strayAfterMs = 86_400_000
/** All objects are listed for it. */
const sweepEveryMs = 3_600_000
const removedAtOnce = 8

/**
 * Objects of a bucket. What is committed at once becomes one object, a part of a segment, and never changes; which parts
 * a segment has is in the database, written in the transaction that says how far the dataset is durable. So a part
 * counts when that is committed, and what a crash left in the bucket is never found, but swept away.
 */
export function objectStorage(options: ObjectStorageOptions): DatasetStorage {
  const { database, cacheFolder } = options
  const { client, prefix, place } = tellingOf(options)
  const inUse = new AbortController()
  const { signal } = inUse
  // Every request listens to it: that is no leak.
  setMaxListeners(0, signal)
  const bucket = { client, place, database, signal }
  const of = (name: string) => ({ ...bucket, name, prefix: `${prefix}${name}/` })
  let swept = 0

  const removeAll = async (keys: readonly string[]) => {
    for (let from = 0; from < keys.length; from += removedAtOnce) {
      const some = keys.slice(from, from + removedAtOnce)
      await Promise.all(some.map((key) => client.send('DELETE', key, { signal })))
    }
  }

  const forgetParts = (name: string) =>
    database.commit([{ sql: 'DELETE FROM dataset_parts WHERE storage = ?', parameters: [name] }])

  return {
    place,
    pace,
    append: async (name, extent) =>
      new ObjectAppender(of(name), extent, join(cacheFolder, `seen-${name}-${randomUUID()}`)),
    read: (name) => new ObjectReader(of(name)),
    async remove(name) {
      for await (const page of listObjects(client, `${prefix}${name}/`, true, signal)) {
        await removeAll(page.map(({ key }) => key))
      }
      await forgetParts(name)
    },
    async *sweep(isKnown, now) {
      if (now - swept < sweepEveryMs) return
      swept = now
      await removeOld(cacheFolder, now)
      // Of what never came to be: its key is made before its row.
      const keys = `DELETE FROM dataset_keys WHERE created_at < ? AND NOT EXISTS
        (SELECT 1 FROM datasets d WHERE coalesce(d.storage, d.id) = dataset_keys.storage)`
      await database.commit([{ sql: keys, parameters: [now - strayAfterMs] }])
      let current: { name: string; known: boolean; inUse: ReadonlySet<string> } | undefined
      for await (const page of listObjects(client, prefix, true, signal)) {
        const strays: string[] = []
        for (const { key, modified } of page) {
          const [name = '', ...rest] = key.slice(prefix.length).split('/')
          // What is not of our form is not ours.
          if (rest.length !== 2 || now - modified < strayAfterMs) continue
          if (current?.name !== name) {
            const parts = await readParts(database, name)
            current = { name, known: await isKnown(name), inUse: new Set(parts.map(({ object }) => object)) }
            if (!current.known) {
              yield name
              await forgetParts(name)
            }
          }
          if (!current.known || !current.inUse.has(rest.join('/'))) strays.push(key)
        }
        await removeAll(strays)
      }
    },
    check: (until) => checkBucket(options, until),
    async close() {
      inUse.abort(new Error('The server is stopping.'))
    },
  }
}

/** What a process left there that was killed. */
async function removeOld(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const at = join(folder, name)
    const found = await stat(at).catch(() => undefined)
    if (found && now - found.mtimeMs >= strayAfterMs) await rm(at, { recursive: true, force: true })
  }
}
