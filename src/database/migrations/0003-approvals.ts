/** What people are asked, what they answered, who stands in for whom, and what is still to be told to them. */
export const approvals: readonly string[] = [
  // `request` is what the pipeline asked; `state` what has become of it; `version` counts the changes of `state`.
  `CREATE TABLE approvals (
    number integer primary key,
    id text not null,
    run text not null,
    task text not null,
    namespace text not null,
    name text not null,
    definition_version text not null,
    title text not null,
    status text not null,
    opened_at bigint not null,
    deadline bigint,
    next_due bigint,
    decided_at bigint,
    version integer not null,
    request text not null,
    state text not null
  )`,
  'CREATE UNIQUE INDEX approvals_id ON approvals (id)',
  'CREATE UNIQUE INDEX approvals_task ON approvals (run, task)',
  'CREATE INDEX approvals_status ON approvals (status, number)',
  'CREATE INDEX approvals_due ON approvals (next_due) WHERE next_due IS NOT NULL',

  // What happened to an approval, in order; never changed.
  `CREATE TABLE approval_events (
    number integer primary key,
    approval text not null,
    at bigint not null,
    kind text not null,
    subject text,
    data text not null
  )`,
  'CREATE INDEX approval_events_approval ON approval_events (approval, number)',
  'CREATE INDEX approval_events_subject ON approval_events (subject, number) WHERE subject IS NOT NULL',

  `CREATE TABLE delegations (
    id text primary key,
    from_subject text not null,
    to_subject text not null,
    namespace text,
    begins_at bigint not null,
    ends_at bigint not null,
    reason text,
    created_by text not null,
    created_at bigint not null,
    ended_at bigint
  )`,
  'CREATE INDEX delegations_to ON delegations (to_subject, ends_at)',

  // What is to be sent, at least once, each with its own key so that a receiver can tell a repetition.
  `CREATE TABLE notifications (
    number integer primary key,
    id text not null,
    channel text not null,
    recipient text not null,
    content text not null,
    created_at bigint not null,
    due_at bigint,
    attempts integer not null,
    sent_at bigint,
    error text
  )`,
  'CREATE UNIQUE INDEX notifications_id ON notifications (id)',
  'CREATE INDEX notifications_due ON notifications (due_at) WHERE due_at IS NOT NULL',
]
