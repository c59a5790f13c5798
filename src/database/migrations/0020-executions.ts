/** Runs that are carried out elsewhere than in the process that records them; and who does what only one may. */
export const executions: readonly string[] = [
  // `epoch` counts how often a run was taken up, `batch` what was written since. Epoch 0: nobody has begun it yet.
  `CREATE TABLE executions (
    run bigint primary key,
    epoch bigint not null,
    batch bigint not null,
    created_at bigint not null
  )`,
  'CREATE INDEX executions_unbegun ON executions (created_at) WHERE epoch = 0',

  // What is too large for another system's history, encrypted.
  `CREATE TABLE payloads (
    id text primary key,
    run text not null,
    created_at bigint not null,
    data text not null
  )`,
  'CREATE INDEX payloads_run ON payloads (run)',

  'CREATE TABLE leases (name text primary key, holder text not null, until bigint not null)',
]
