import type { Database, Statement } from '../../../database/index.ts'

/** An object with a part of a stream: a segment, or the keys that a step has seen. */
export interface Part {
  /** Where in its stream it begins, in bytes. */
  readonly start: number
  readonly bytes: number
  /** Its key, after that of the dataset. */
  readonly object: string
}

/** The parts of one stream, or of all of a dataset, in their order. */
export async function readParts(database: Database, storage: string, stream?: string): Promise<Part[]> {
  const rows = await database.query<{ start: number; bytes: number; object: string }>(
    `SELECT start, bytes, object FROM dataset_parts WHERE storage = ? ${stream === undefined ? '' : 'AND stream = ?'}
     ORDER BY stream, start`,
    stream === undefined ? [storage] : [storage, stream],
  )
  return rows.map(({ start, bytes, object }) => ({ start: Number(start), bytes: Number(bytes), object }))
}

/**
 * That a part is there, in place of those from its start on. Two who write on from the same place cannot both commit it:
 * the second fails, and so does all that it commits with it.
 */
export function putPart(storage: string, stream: string, part: Part, replaced: number): Statement[] {
  const { start, bytes, object } = part
  return [
    ...(replaced > 0
      ? [
          {
            sql: 'DELETE FROM dataset_parts WHERE storage = ? AND stream = ? AND start >= ?',
            parameters: [storage, stream, start],
            expect: replaced,
          },
        ]
      : []),
    {
      sql: 'INSERT INTO dataset_parts (storage, stream, start, bytes, object) VALUES (?, ?, ?, ?, ?)',
      parameters: [storage, stream, start, bytes, object],
    },
  ]
}
