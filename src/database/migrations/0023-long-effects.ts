/** Activities that take long, as the process that carries each out tells now and then (`engines/temporal/under-way.ts`). */
export const longEffects: readonly string[] = [
  `CREATE TABLE long_effects (
    run bigint not null,
    key text not null,
    kind text not null,
    began_at bigint not null,
    seen_at bigint not null,
    primary key (run, key)
  )`,
]
