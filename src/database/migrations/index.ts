import { runsAndEvents } from './0001-runs-and-events.ts'

/** All migrations in order; the place in the list is the number. Add at the end, never change one. */
export const migrations: readonly (readonly string[])[] = [runsAndEvents]
