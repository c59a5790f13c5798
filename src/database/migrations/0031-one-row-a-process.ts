/** One table of the processes of an installation in the place of four; empty where there is but one. */
export const oneRowAProcess: readonly string[] = [
  'DROP TABLE callers',
  'DROP TABLE transfer_processes',
  "DELETE FROM leases WHERE name LIKE 'worker %'",
  'DROP TABLE processes',
  // `life` is null once it is over; `abilities` and `report` are JSON texts (`members/store.ts`).
  `CREATE TABLE processes (
    id text primary key,
    name text not null,
    host text not null,
    pid bigint not null,
    role text not null,
    version text not null,
    started_at bigint not null,
    life text unique,
    seen_at bigint not null,
    until bigint not null,
    abilities text not null,
    report text not null
  )`,
]
