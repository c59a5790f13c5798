/** Milliseconds since 1970 by the clock of the database, in a statement: those of the machines may differ. */
export const databaseNow = `CAST(unixepoch('subsec') * 1000 AS bigint)`
