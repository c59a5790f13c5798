/**
 * Datasets in a bucket. `dataset_keys` has what their records are encrypted with: a row that is deleted is a dataset
 * that nobody can read any more. `dataset_parts` has which objects hold which bytes of a stream, from `start` on.
 */
export const objectsOfDatasets: readonly string[] = [
  'CREATE TABLE dataset_keys (storage text primary key, secret text not null, created_at bigint not null)',

  `CREATE TABLE dataset_parts (
    storage text not null,
    stream text not null,
    start bigint not null,
    bytes bigint not null,
    object text not null,
    PRIMARY KEY (storage, stream, start)
  )`,
]
