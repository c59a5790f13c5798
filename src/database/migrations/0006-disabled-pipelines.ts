/** Pipelines that start no new runs. */
export const disabledPipelines: readonly string[] = [
  // Events from `from_event` on wait in the inbox until the pipeline is enabled again.
  `CREATE TABLE disabled_pipelines (
    namespace text not null,
    name text not null,
    from_event bigint not null,
    disabled_at bigint not null,
    disabled_by text,
    primary key (namespace, name)
  )`,
]
