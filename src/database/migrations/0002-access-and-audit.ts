import type { SchemaStatement } from './index.ts'

/** Who signs in, keys of machines, and the audit log. */
export const accessAndAudit: readonly SchemaStatement[] = [
  `CREATE TABLE users (
    subject text primary key,
    name text not null,
    email text,
    locale text,
    groups text not null,
    first_seen bigint not null,
    last_seen bigint not null
  )`,
  'CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL',

  // Of what a browser holds only the hash is kept: who reads the database cannot take a session over.
  `CREATE TABLE sessions (
    hash text primary key,
    subject text not null,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
  )`,
  'CREATE INDEX sessions_subject ON sessions (subject)',
  'CREATE INDEX sessions_expires ON sessions (expires_at)',
  // Sign-ins under way, between leaving for the provider and coming back.
  `CREATE TABLE sign_ins (
    hash text primary key,
    nonce text not null,
    verifier text not null,
    return_to text not null,
    created_at bigint not null
  )`,

  `CREATE TABLE api_keys (
    id text primary key,
    name text not null,
    hash text not null,
    owner text,
    grants text not null,
    created_by text not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint,
    revoked_at bigint,
    revoked_by text
  )`,
  'CREATE INDEX api_keys_owner ON api_keys (owner) WHERE owner IS NOT NULL',

  // People who sent an event: who starts a run by one has started it, and may not decide in it what takes four eyes.
  `CREATE TABLE event_senders (
    source text not null,
    id text not null,
    subject text not null,
    primary key (source, id)
  )`,

  // A chain of hashes over `entry`; the other columns repeat parts of it, to be searched by.
  `CREATE TABLE audit (
    number integer primary key,
    hash text not null,
    at bigint not null,
    subject text not null,
    action text not null,
    resource text not null,
    namespace text,
    outcome text not null,
    entry text not null
  )`,
  'CREATE INDEX audit_at ON audit (at)',
  'CREATE INDEX audit_subject ON audit (subject, number)',
  'CREATE INDEX audit_resource ON audit (resource, number)',
  appendOnly('audit_is_not_changed', 'UPDATE'),
  appendOnly('audit_is_not_deleted', 'DELETE'),
  // Where the chain ends, so that its last rows cannot go unnoticed.
  'CREATE TABLE audit_head (one integer primary key, number integer not null, hash text not null)',
]

function appendOnly(name: string, event: 'UPDATE' | 'DELETE'): SchemaStatement {
  const trigger = `CREATE TRIGGER ${name} BEFORE ${event} ON audit`
  return {
    sqlite: `${trigger} BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END`,
    postgres: `${trigger} FOR EACH ROW EXECUTE FUNCTION sluse_append_only()`,
  }
}
