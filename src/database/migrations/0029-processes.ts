/** The processes of an installation that has several: one that ends takes its row away, one that dies leaves it. */
export const processes: readonly string[] = [
  // `health`: a JSON text, as `app/processes.ts` writes it. Times are milliseconds since 1970.
  `CREATE TABLE processes (
    id text primary key,
    host text not null,
    pid bigint not null,
    role text not null,
    version text not null,
    started_at bigint not null,
    seen_at bigint not null,
    health text not null
  )`,
]
