import type { ExaminedPostgres } from './postgres/examine.ts'

export type { ExaminedPostgres }

/** Looks at the records on a PostgreSQL server without writing anything; see `examinePostgres`. */
export async function examineRecords(url: string): Promise<ExaminedPostgres> {
  const { examinePostgres } = await import('./postgres/examine.ts')
  return examinePostgres(url)
}
