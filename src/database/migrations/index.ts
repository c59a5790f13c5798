import { runsAndEvents } from './0001-runs-and-events.ts'
import { targets } from './0005-targets.ts'

/** All migrations in order; the place in the list is the number. Add at the end, never change one. */
export const migrations: readonly (readonly string[])[] = [runsAndEvents, targets]
