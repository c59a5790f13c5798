import type { Json } from '../../workflow/index.ts'

/** One entry of the audit log: who did what to what, when, from where, and how it went. */
export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly who: AuditedPerson
  /** What, as the table of permissions names it: `runs.start`; or `sign-in`, `approvals.expire`. */
  readonly action: string
  /** To what: `run/<id>`, `approval/<id>`, `key/<id>`. */
  readonly resource: string
  readonly namespace?: string
  /**
   * `done` alone: written in one transaction with what it tells. `allowed`: written before what is intended; of a
   * change `done` or `failed` follows, and where nothing does, nobody knows how it went.
   */
  readonly outcome: 'allowed' | 'done' | 'refused' | 'failed'
  readonly from?: AuditedOrigin
  /** Why, where the person said so. */
  readonly purpose?: string
  /** What else is worth to know. Never the data itself, and never a secret. */
  readonly details?: Json
}

export interface AuditedPerson {
  /** Who, as sign-in knows them; `key:<id>` for a machine, `local`, or `system`. */
  readonly subject: string
  readonly name?: string
  /** `approver@grants`, `viewer@*` */
  readonly roles?: readonly string[]
  /** The key that was used. */
  readonly key?: string
}

export interface AuditedOrigin {
  readonly ip?: string
  readonly agent?: string
  readonly via?: 'session' | 'key' | 'local'
}

/** An entry as it stands in the log. */
export interface AuditRecord extends AuditEntry {
  readonly number: number
  readonly hash: string
}

/** JSON with the members of every object in the order of their names, so that one entry has one text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
