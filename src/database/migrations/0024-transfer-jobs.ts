/** Who of many processes does what of a transfer, and which processes there are. Empty where there is but one. */
export const transferJobs: readonly string[] = [
  // A row is a job that is still to be done; `until` is how long its holder has it without giving a sign of life.
  `CREATE TABLE transfer_jobs (
    transfer text not null,
    job text not null,
    holder text not null,
    process text not null,
    until bigint not null,
    due bigint not null,
    error text,
    primary key (transfer, job)
  )`,
  'CREATE TABLE transfer_processes (name text primary key, until bigint not null)',
]
