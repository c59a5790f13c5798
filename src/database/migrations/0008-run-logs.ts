/** What functions and the engine said during a run. */
export const runLogs: readonly string[] = [
  // `seq` is made of the time: it orders the lines of a run, whoever wrote them.
  `CREATE TABLE run_logs (
    run text not null,
    seq bigint not null,
    at bigint not null,
    level text not null,
    message text not null,
    data text not null,
    primary key (run, seq)
  )`,
]
