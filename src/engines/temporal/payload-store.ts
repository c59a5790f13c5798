import { randomUUID } from 'node:crypto'
import type { Payload, StorageDriver } from '@temporalio/common'
import type { Database } from '../../database/index.ts'
import type { Libraries } from './libraries.ts'

/**
 * What is large lies in the database instead of Temporal's history, as the ciphertext that it already is, and goes with
 * its run.
 */
export function payloadStore(database: Database, { common }: Libraries, now: () => number): StorageDriver {
  return {
    name: 'sluse',
    type: 'sluse.database',
    async store({ target }, payloads) {
      const rows = payloads.map((payload) => ({ id: randomUUID(), text: encode(payload) }))
      const sql = 'INSERT INTO payloads (id, run, created_at, data) VALUES (?, ?, ?, ?)'
      const run = target?.id ?? ''
      await database.commit(rows.map(({ id, text }) => ({ sql, parameters: [id, run, now(), text] })))
      return rows.map(({ id }) => new common.StorageDriverClaim({ id }))
    },
    async retrieve(_, claims) {
      const found = claims.map(async ({ claimData: { id = '' } }) => {
        const [row] = await database.query<{ data: string }>('SELECT data FROM payloads WHERE id = ?', [id])
        if (!row) throw new Error(`The payload ${id} is gone.`)
        return decode(row.data)
      })
      return Promise.all(found)
    },
  }
}

function encode({ metadata, data }: Payload): string {
  const names = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)])
  return JSON.stringify({
    metadata: Object.fromEntries(names) as unknown,
    data: base64(data ?? new Uint8Array()),
  })
}

function decode(text: string): Payload {
  const { metadata, data } = JSON.parse(text) as { metadata: { [name: string]: string }; data: string }
  const names = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')] as const)
  return { metadata: Object.fromEntries(names), data: Buffer.from(data, 'base64') }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
