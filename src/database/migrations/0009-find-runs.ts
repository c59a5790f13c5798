/** Finds the runs of a case: by the key that they were started with, and by what they wait for. */
export const findRuns: readonly string[] = [
  'CREATE INDEX runs_key ON runs (idempotency_key) WHERE idempotency_key IS NOT NULL',
  'CREATE INDEX waits_hint ON waits (hint, run) WHERE type IS NOT NULL',
]
