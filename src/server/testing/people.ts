import { randomBytes } from 'node:crypto'
import { Keys, parseGrant } from '../../access/index.ts'
import type { App } from '../../app.ts'

export type Headers = { [name: string]: string }

/** Somebody who has signed in, as the database knows them, with a key of their own; gives the header to be them. */
export async function person(
  app: App,
  subject: string,
  groups: readonly string[],
  email?: string,
): Promise<Headers> {
  const now = app.now()
  await app.database.commit([
    {
      sql: `INSERT INTO users (subject, name, email, locale, groups, first_seen, last_seen) VALUES (?, ?, ?, 'da', ?, ?, ?)
        ON CONFLICT (subject) DO UPDATE SET last_seen = excluded.last_seen`,
      parameters: [subject, subject.toUpperCase(), email ?? null, JSON.stringify(groups), now, now],
    },
  ])
  const grants = ['viewer', 'operator', 'approver', 'administrator', 'security-officer'].map(parseGrant)
  const { secret, statement } = new Keys(app.database, app.now).create(
    { name: randomBytes(4).toString('hex'), grants, owner: subject },
    subject,
    grants,
  )
  await app.database.commit([statement])
  return { authorization: `Bearer ${secret}` }
}

/** Groups and the roles that the tests give them. */
export const roleFlags = {
  auth: 'keys',
  roles:
    'approver=workers@test,approver=chiefs@test,operator=staff,administrator=admins,security-officer=security',
}

/** A pipeline that asks, with these arguments as JSON, and what it is given as input. */
export function asking(
  name: string,
  args: object,
  where: (task: string) => string = (task) => `do:\n  - ${task}`,
): string {
  const task = `decide: ${JSON.stringify({ call: 'approve:1.0.0@default', with: { title: 'Udbetaling', ...args } })}`
  return `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0' }\n${where(task)}\n`
}
