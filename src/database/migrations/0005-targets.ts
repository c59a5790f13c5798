/** Target systems: what operators have changed, who waits for one, and which runs are stuck. */
export const targets: readonly string[] = [
  // Whoever waits for a target is a row of `waits` of the kind `gate`, with the target's key as its hint.
  "CREATE INDEX waits_gate ON waits (hint, number) WHERE kind = 'gate'",

  // Only what differs from the project's files: limits and a breaker that is held open.
  `CREATE TABLE targets (
    key text primary key,
    concurrency integer,
    per_second real,
    held integer not null,
    changed_at bigint not null,
    changed_by text
  )`,

  // A run that makes no progress, until it does.
  `CREATE TABLE stuck_runs (
    run integer primary key,
    since bigint not null,
    reason text not null,
    detail text not null
  )`,
]
