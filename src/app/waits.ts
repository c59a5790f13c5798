import type { Database } from '../database/index.ts'

/** What the runs wait for that have been put down on disk. */
export interface Waits {
  /** Whether one waits for an event. */
  forEvent(): Promise<boolean>
  /** When the next one is to be woken by the time: milliseconds since 1970. */
  nextDue(): Promise<number | undefined>
}

export function openWaits(database: Database): Waits {
  return {
    forEvent: async () => {
      const rows = await database.query('SELECT 1 FROM waits WHERE type IS NOT NULL LIMIT 1')
      return rows.length > 0
    },
    nextDue: async () => {
      const [row] = await database.query<{ due: number | null }>(
        'SELECT min(due) AS due FROM waits WHERE due IS NOT NULL',
      )
      return row?.due ?? undefined
    },
  }
}
