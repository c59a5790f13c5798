/** Parts of a job of a transfer that any process may do for whoever has the job. Empty where there is but one. */
export const transferParts: readonly string[] = [
  // Until there is an output it is to be done; `until` is how long whoever took it has it. Both texts are encrypted.
  `CREATE TABLE transfer_parts (
    transfer text not null,
    job text not null,
    number bigint not null,
    input text not null,
    output text,
    holder text not null,
    process text not null,
    until bigint not null,
    primary key (transfer, job, number)
  )`,
]
