import type { Database, Statement } from './database.ts'

/** A number that is kept under a name: how far somebody has come. */
export async function readMark(database: Pick<Database, 'query'>, name: string): Promise<number | undefined> {
  const [row] = await database.query<{ value: number }>('SELECT value FROM marks WHERE name = ?', [name])
  return row?.value
}

export function saveMark(name: string, value: number): Statement {
  const sql =
    'INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value'
  return { sql, parameters: [name, value] }
}
