/** Definitions, runs with their journal, waits, the inbox of events, schedules. */
export const runsAndEvents: readonly string[] = [
  // A text is kept once, however many runs are pinned to it.
  `CREATE TABLE definitions (
    digest text primary key,
    namespace text not null,
    name text not null,
    version text not null,
    file text,
    text text not null,
    workflow text not null
  )`,
  `CREATE TABLE deployments (
    namespace text not null,
    name text not null,
    version text not null,
    digest text not null,
    deployed_at bigint not null,
    primary key (namespace, name, version)
  )`,

  // The index of runs. Rows stay small, so that a change of status is cheap: input and output are in the journal.
  `CREATE TABLE runs (
    number integer primary key,
    id text not null,
    namespace text not null,
    name text not null,
    version text not null,
    digest text not null,
    status text not null,
    active integer not null,
    started_at bigint not null,
    ended_at bigint,
    started_by text,
    parent integer,
    parent_key text,
    depth integer not null,
    rerun_of text,
    schedule integer,
    idempotency_key text,
    labels text,
    error text,
    first_event bigint not null,
    seal text
  )`,
  'CREATE UNIQUE INDEX runs_id ON runs (id)',
  'CREATE UNIQUE INDEX runs_idempotency ON runs (namespace, name, idempotency_key) WHERE idempotency_key IS NOT NULL',
  // What must be taken up again after a crash, and what a schedule has under way: small, whatever the history.
  'CREATE INDEX runs_active ON runs (number) WHERE active = 1',
  'CREATE INDEX runs_scheduled ON runs (schedule) WHERE schedule IS NOT NULL AND ended_at IS NULL',
  'CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL',
  'CREATE INDEX runs_definition ON runs (namespace, name, number)',
  'CREATE INDEX runs_status ON runs (status, number)',
  'CREATE INDEX runs_started ON runs (started_at, number)',
  'CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL',

  // Journal and feed in one: a row is what one run added with one commit.
  'CREATE TABLE journal (seq integer primary key, run integer not null, data text not null)',
  'CREATE INDEX journal_run ON journal (run)',

  // What would wake a run that has left memory. One row for each event type that it waits for.
  `CREATE TABLE waits (
    number integer primary key,
    run integer not null,
    key text not null,
    kind text not null,
    due bigint,
    type text,
    hint_by text not null,
    hint text not null,
    filter text
  )`,
  'CREATE INDEX waits_run ON waits (run)',
  'CREATE INDEX waits_due ON waits (due) WHERE due IS NOT NULL',
  'CREATE INDEX waits_type ON waits (type, hint_by, hint) WHERE type IS NOT NULL',

  // Activities that run apart from the run that asked for them.
  `CREATE TABLE detached (
    run integer not null,
    key text not null,
    kind text not null,
    input text not null,
    due bigint not null,
    attempt integer not null,
    primary key (run, key)
  )`,

  `CREATE TABLE inbox (
    seq integer primary key,
    source text not null,
    id text not null,
    type text not null,
    received_at bigint not null,
    consumed integer not null,
    data text not null
  )`,
  'CREATE UNIQUE INDEX inbox_identity ON inbox (source, id)',
  'CREATE INDEX inbox_type ON inbox (type, seq)',
  'CREATE INDEX inbox_received ON inbox (received_at)',

  `CREATE TABLE schedules (
    number integer primary key,
    namespace text not null,
    name text not null,
    version text not null,
    digest text not null,
    next_due bigint,
    first_event bigint not null,
    queued integer not null
  )`,
  'CREATE UNIQUE INDEX schedules_reference ON schedules (namespace, name, version)',
  'CREATE INDEX schedules_due ON schedules (next_due) WHERE next_due IS NOT NULL',
  // Events that a schedule has taken and that do not make a start yet.
  `CREATE TABLE schedule_events (
    schedule integer not null,
    seq bigint not null,
    correlation text not null,
    filter integer not null,
    data text not null,
    primary key (schedule, seq, filter)
  )`,

  // Counters that must not go back: `inbox` (last dispatched), `journal`, `runs`.
  'CREATE TABLE marks (name text primary key, value bigint not null)',
]
