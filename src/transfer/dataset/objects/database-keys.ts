import { randomBytes } from 'node:crypto'
import type { Database } from '../../../database/index.ts'
import { SluseError } from '../../../errors.ts'
import { keyBytes, type Keys } from '../keys.ts'

/**
 * Keys among the records: never beside what they open, since a bucket may keep every version of what was in it. They
 * are where all processes see them, and are gone from there with the transaction that destroys them.
 */
export function databaseKeys(database: Database, now: () => number): Keys {
  const find = async (dataset: string): Promise<Buffer | undefined> => {
    const sql = 'SELECT secret FROM dataset_keys WHERE storage = ?'
    const [row] = await database.query<{ secret: string }>(sql, [dataset])
    const key = row && Buffer.from(row.secret, 'base64')
    return key?.length === keyBytes ? key : undefined
  }
  const get = async (dataset: string) => {
    const key = await find(dataset)
    if (!key) throw new SluseError('SLUSE-DATASET-ERASED', `(${dataset})`)
    return key
  }
  const insert = (dataset: string, key: Uint8Array) => ({
    sql: 'INSERT INTO dataset_keys (storage, secret, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    parameters: [dataset, Buffer.from(key).toString('base64'), now()],
  })
  return {
    async create(dataset) {
      await database.commit([insert(dataset, randomBytes(keyBytes))])
      return get(dataset)
    },
    async put(dataset, key) {
      const parameters = [dataset]
      await database.commit([
        { sql: 'DELETE FROM dataset_keys WHERE storage = ?', parameters },
        insert(dataset, key),
      ])
    },
    get,
    async destroy(dataset) {
      await database.commit([
        // Over the old bytes first: removing a row leaves them where they were.
        {
          sql: 'UPDATE dataset_keys SET secret = ? WHERE storage = ?',
          parameters: [randomBytes(keyBytes).toString('base64'), dataset],
        },
        { sql: 'DELETE FROM dataset_keys WHERE storage = ?', parameters: [dataset] },
      ])
    },
  }
}
