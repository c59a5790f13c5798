import { may, type Principal } from '../access/index.ts'
import type { Statement } from '../database/index.ts'
import type { ApprovalsOptions } from './approvals.ts'
import { isAmong, isNamed } from './gate.ts'
import { asked, statusOf } from './state.ts'
import type { Approval } from './store.ts'

/** What people are told of an approval. */
export interface Notice {
  readonly kind: 'asked' | 'reminder' | 'escalated' | 'decided'
}

/** What is sent, as it is kept until then. It has nothing of what the approval shows: mail is read by many. */
export interface NoticeContent {
  readonly kind: Notice['kind']
  readonly approval: string
  readonly namespace: string
  readonly pipeline: string
  readonly title: string
  readonly language: 'da' | 'en'
  readonly timezone: string
  /** Of the person who is written to. */
  readonly name?: string
  /** ISO 8601. */
  readonly deadline?: string
  readonly status: string
}

/** Mails to one address at most for one notice. */
const mostRecipients = 500

/**
 * Statements that put the notice into the outbox, for each person who may decide, and for the webhook. They are written
 * with what they tell of, so that nobody is told of what did not happen, and nothing is forgotten.
 */
export async function notices(
  notice: Notice,
  approval: Approval,
  { access, notifies }: Pick<ApprovalsOptions, 'access' | 'notifies'>,
  now: number,
): Promise<Statement[]> {
  const { request, state, id, namespace, name } = approval
  const content: NoticeContent = {
    kind: notice.kind,
    approval: id,
    namespace,
    pipeline: name,
    title: request.title,
    language: request.language,
    timezone: request.calendar.timezone,
    ...(state.deadline !== undefined && { deadline: new Date(state.deadline).toISOString() }),
    status: statusOf(state),
  }
  const key = `${id}/${notice.kind}/${approval.version}`
  const statements: Statement[] = []
  if (notifies.webhook) statements.push(insert(`${key}/webhook`, 'webhook', '', content, now))
  // Who decided knows; who asked sees it in the run.
  if (!notifies.email || notice.kind === 'decided') return statements
  const people = (await access.reachable())
    .filter((person) => concerns(person, approval))
    .slice(0, mostRecipients)
  for (const person of people) {
    const { email = '', locale = '' } = person
    const language = /^en\b/i.test(locale) ? 'en' : /^da\b/i.test(locale) ? 'da' : request.language
    const personal = { ...content, language, name: person.name }
    statements.push(insert(`${key}/${person.subject}`, 'email', email, personal, now))
  }
  return statements
}

function concerns(person: Principal, { namespace, request, state }: Approval): boolean {
  const involved = [...state.starters, ...request.preparedBy].some((name) => isNamed(person, name))
  return (
    may(person, 'approvals.decide', namespace) &&
    isAmong(person, asked(request, state), namespace) &&
    !(request.fourEyes && involved) &&
    !state.votes.some(({ subject }) => subject === person.subject)
  )
}

function insert(
  id: string,
  channel: string,
  recipient: string,
  content: NoticeContent,
  now: number,
): Statement {
  return {
    sql: `INSERT INTO notifications (id, channel, recipient, content, created_at, due_at, attempts)
      VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`,
    parameters: [id, channel, recipient, JSON.stringify(content), now, now],
  }
}
