/**
 * Where everything durable lies: the port to SQL, SQLite behind a writer thread, PostgreSQL, and the migrations.
 */
export type { Chain, CommitOptions, Database, Row, SqlValue, Statement } from './database.ts'
export { chainHash } from './chain.ts'
export { commitIf } from './commit-if.ts'
export { databaseNow } from './database-now.ts'
export { readMark, saveMark } from './marks.ts'
export { openKeySet, type KeySet } from './key-set.ts'
export { moveToPostgres, type Moved } from './move.ts'
export { patient } from './patient.ts'
export { insertRows } from './insert-rows.ts'
export { openDatabase, type DatabaseOptions } from './open.ts'
export { databaseFile } from './sqlite.ts'
export { examineRecords, type ExaminedPostgres } from './examine.ts'
export { syncToDisk } from './sync-to-disk.ts'
export { snapshotDatabase, type Snapshot } from './snapshot.ts'
