import { audited, type Permission, type Principal } from '../access/index.ts'
import type { AuditedOrigin, AuditLog } from '../history/index.ts'
import type { Json } from '../workflow/index.ts'

/** What somebody tries, as the audit log tells it. */
export interface Attempt {
  readonly who: Principal
  readonly from: AuditedOrigin
  /** The permission that it takes. */
  readonly action: Permission
  /** `approval/<id>`, `delegation/<id>`. */
  readonly resource: string
  readonly namespace?: string | undefined
  readonly details?: { readonly [name: string]: Json }
}

/** Does the work. Where it is refused, whoever asked is told once it stands in the audit log. */
export async function auditingRefusals<T>(
  audit: AuditLog,
  attempt: Attempt,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code === 'string' && refusals.test(code)) {
      const { who, namespace, details, ...rest } = attempt
      await audit.write({
        ...rest,
        who: audited(who),
        ...(namespace !== undefined && { namespace }),
        outcome: 'refused',
        details: { ...details, code },
      })
    }
    throw error
  }
}

/** Roles, the gate, and what one may not know of; a mistake in what was filled in is in the same family. */
const refusals = /^SLUSE-(?:FORBIDDEN$|APPROVAL-|DELEGATION-NOT-FOUND$)/
