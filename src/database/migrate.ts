import { SluseError } from '../errors.ts'
import type { Database } from './database.ts'
import { migrations } from './migrations/index.ts'

/**
 * Brings the schema up to date, forward only: each migration is one transaction together with its number.
 * A database written by a newer version is refused, never changed.
 */
export async function migrate(database: Database): Promise<void> {
  await database.commit([{ sql: 'CREATE TABLE IF NOT EXISTS migrations (number integer primary key)' }])
  const rows = await database.query<{ number: number }>('SELECT number FROM migrations ORDER BY number')
  const newest = rows.at(-1)?.number ?? 0
  if (newest > migrations.length) {
    throw new SluseError(
      'SLUSE-STORE-NEWER',
      `It has schema ${newest}, this version knows ${migrations.length}.`,
    )
  }
  for (const [index, statements] of migrations.entries()) {
    const number = index + 1
    if (number <= newest) continue
    await database.commit([
      ...statements.map((sql) => ({ sql })),
      { sql: 'INSERT INTO migrations (number) VALUES (?)', parameters: [number] },
    ])
  }
}
