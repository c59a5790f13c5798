import type { SqlValue, Statement } from './database.ts'

/**
 * Few sizes, so that few statements are prepared: many rows in one statement are several times faster than
 * a statement for each.
 */
const sizes = [50, 16, 4, 1]

/** Statements that insert all rows. `suffix` may say what to do on a conflict. */
export function insertRows(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
  suffix = '',
): Statement[] {
  const statements: Statement[] = []
  let at = 0
  for (const size of sizes) {
    const sql = () => insertSql(table, columns, size, suffix)
    for (; rows.length - at >= size; at += size) {
      statements.push({ sql: sql(), parameters: rows.slice(at, at + size).flat() })
    }
  }
  return statements
}

const made = new Map<string, string>()

function insertSql(table: string, columns: readonly string[], size: number, suffix: string): string {
  const key = `${table} ${columns.join()} ${size} ${suffix}`
  let sql = made.get(key)
  if (sql === undefined) {
    const row = `(${columns.map(() => '?').join(', ')})`
    sql =
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array(size).fill(row).join(', ')} ${suffix}`.trim()
    made.set(key, sql)
  }
  return sql
}
