import type { Database, Statement } from '../database/index.ts'

/** Somebody who has signed in, as the provider told of them the last time. */
export interface User {
  readonly subject: string
  readonly name: string
  /** Confirmed by the provider. */
  readonly email?: string
  readonly locale?: string
  readonly groups: readonly string[]
}

export interface KnownUser extends User {
  /** Milliseconds since 1970, UTC. */
  readonly firstSeen: number
  readonly lastSeen: number
}

export function saveUser({ subject, name, email, locale, groups }: User, now: number): Statement {
  return {
    sql: `INSERT INTO users (subject, name, email, locale, groups, first_seen, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (subject) DO UPDATE SET name = excluded.name, email = excluded.email, locale = excluded.locale,
        groups = excluded.groups, last_seen = excluded.last_seen`,
    parameters: [subject, name, email ?? null, locale ?? null, JSON.stringify(groups), now, now],
  }
}

export async function findUser(database: Database, subject: string): Promise<KnownUser | undefined> {
  const [row] = await database.query<UserRow>('SELECT * FROM users WHERE subject = ?', [subject])
  return row && userOf(row)
}

/** Those who have signed in, by name; at most 500, from `text` in name, e-mail or subject where it is given. */
export async function listUsers(database: Database, text = ''): Promise<KnownUser[]> {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  const rows = await database.query<UserRow>(
    `SELECT * FROM users WHERE name LIKE ? ESCAPE '\\' OR email LIKE ? ESCAPE '\\' OR subject LIKE ? ESCAPE '\\'
     ORDER BY name, subject LIMIT 500`,
    [pattern, pattern, pattern],
  )
  return rows.map(userOf)
}

/** Those with a confirmed address who have signed in since; at most 5000. */
export async function usersWithEmail(database: Database, since: number): Promise<KnownUser[]> {
  const rows = await database.query<UserRow>(
    'SELECT * FROM users WHERE email IS NOT NULL AND last_seen >= ? ORDER BY last_seen DESC LIMIT 5000',
    [since],
  )
  return rows.map(userOf)
}

type UserRow = {
  subject: string
  name: string
  email: string | null
  locale: string | null
  groups: string
  first_seen: number
  last_seen: number
}

function userOf(row: UserRow): KnownUser {
  return {
    subject: row.subject,
    name: row.name,
    ...(row.email !== null && { email: row.email }),
    ...(row.locale !== null && { locale: row.locale }),
    groups: JSON.parse(row.groups) as string[],
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
  }
}
