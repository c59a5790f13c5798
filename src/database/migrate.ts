import { SluseError } from '../errors.ts'
import type { Database } from './database.ts'
import { migrations } from './migrations/index.ts'

/**
 * Brings the schema up to date, forward only: each migration is one transaction together with its number.
 * A database written by a newer version is refused, never changed.
 */
export async function migrate(database: Database): Promise<void> {
  await database.commit([{ sql: 'CREATE TABLE IF NOT EXISTS migrations (number integer primary key)' }])
  const rows = await database.query<{ number: number }>('SELECT number FROM migrations')
  const applied = new Set(rows.map(({ number }) => number))
  const newest = Math.max(0, ...applied)
  const known = Math.max(...migrations.map(({ number }) => number))
  if (newest > known) {
    throw new SluseError('SLUSE-STORE-NEWER', `It has schema ${newest}, this version knows ${known}.`)
  }
  for (const { number, statements } of migrations) {
    if (applied.has(number)) continue
    await database.commit([
      ...statements.map((sql) => ({ sql })),
      { sql: 'INSERT INTO migrations (number) VALUES (?)', parameters: [number] },
    ])
  }
}
