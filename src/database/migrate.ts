import { SluseError } from '../errors.ts'
import type { Database } from './database.ts'
import { migrations, type SchemaStatement } from './migrations/index.ts'

/**
 * Brings the schema up to date, forward only: each migration is one transaction together with its number.
 * A database written by a newer version is refused, never changed.
 */
export async function migrate(
  database: Pick<Database, 'query' | 'commit'>,
  inDialect: (statement: SchemaStatement) => string,
): Promise<void> {
  const table = 'CREATE TABLE IF NOT EXISTS migrations (number integer primary key)'
  await database.commit([{ sql: inDialect(table) }])
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
      ...statements.map((statement) => ({ sql: inDialect(statement) })),
      { sql: 'INSERT INTO migrations (number) VALUES (?)', parameters: [number] },
    ])
  }
}
