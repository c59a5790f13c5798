/** What processes share of the targets that they call (`resilience/shared/`). */
export const sharedTargets: readonly string[] = [
  // One document a target: whose the places within its limits are, its rate, its breaker.
  `CREATE TABLE shared_targets (
    key text primary key,
    version bigint not null,
    state text not null
  )`,

  // Processes that call targets. One whose row is gone has nothing any more, and never will again.
  `CREATE TABLE callers (
    id text primary key,
    until bigint not null,
    report text not null
  )`,
]
