import { may, type Permission, type Principal } from '../access/index.ts'
import type { Statement } from '../database/index.ts'
import { hasCode, SluseError } from '../errors.ts'
import type { AuditedOrigin } from '../history/index.ts'
import type { CloudEvent } from '../workflow/index.ts'
import type { ApprovalsOptions } from './approvals.ts'
import { notices, type Notice } from './notices.ts'
import { auditingRefusals } from './refusals.ts'
import type { ApprovalState } from './state.ts'
import { getApproval, insertEvent, updateApproval, type Approval, type ApprovalEvent } from './store.ts'
import type { Turns } from './turns.ts'

export interface Changes {
  /**
   * One change at a time of one approval: loaded, judged, and written with its event, its entry and the wake-up.
   * What is refused stands in the audit log, too. Throws `SLUSE-APPROVAL-DECIDED` where it is over.
   */
  change(id: string, by: By, judge: (approval: Approval) => Promise<Change>): Promise<Approval>
  /** Throws `SLUSE-STORE-CHANGED` where the approval is not any more what it was. */
  write(approval: Approval, change: Change): Promise<void>
}

/** Who asks for a change, and the permission that it takes. */
export interface By {
  readonly who: Principal
  readonly from: AuditedOrigin
  readonly action: Permission
}

/** What an approval becomes, what is told of that, and its entry in the audit log. */
export interface Change {
  readonly state: ApprovalState
  readonly event: Omit<ApprovalEvent, 'at'>
  readonly entry: readonly Statement[]
  readonly notice?: Notice
}

const mostTries = 5

/** The one way in which an approval changes. `changed` is told of each. */
export function openChanges(options: ApprovalsOptions, turns: Turns, changed: () => void): Changes {
  const { database, audit, clock } = options

  const write: Changes['write'] = async (approval, { state, event, entry, notice }) => {
    const now = clock.now()
    const told = notice ? await notices(notice, { ...approval, state }, options, now) : []
    await options.publish(state.outcome ? [decidedEvent(approval, state, now)] : [], [
      updateApproval(approval, state),
      insertEvent(approval.id, { ...event, at: now }),
      ...entry,
      ...told,
    ])
    changed()
    if (told.length > 0) options.noticed()
  }

  const change: Changes['change'] = (id, { action, ...by }, judge) =>
    turns.take(id, async () => {
      let approval = await getApproval(database, id)
      const { namespace, run } = approval
      const attempt = { ...by, action, resource: `approval/${id}`, namespace, details: { run } }
      return auditingRefusals(audit, attempt, async () => {
        // Whoever may not see it is told nothing of it, not even who has decided.
        if (!may(by.who, 'approvals.read', namespace))
          throw new SluseError('SLUSE-FORBIDDEN', `It takes ${action}.`)
        for (let tries = 1; ; tries++) {
          if (approval.state.outcome) throw alreadyDecided(approval)
          try {
            await write(approval, await judge(approval))
            return await getApproval(database, id)
          } catch (error) {
            if (!hasCode(error, 'SLUSE-STORE-CHANGED') || tries === mostTries) throw error
          }
          // Another process was faster: it is judged anew, as it is now.
          approval = await getApproval(database, id)
        }
      })
    })

  return { change, write }
}

export function alreadyDecided({ state, status }: Approval): SluseError {
  const by = state.outcome?.by.map(({ name }) => name).join(', ')
  return new SluseError('SLUSE-APPROVAL-DECIDED', `It is ${status}${by ? `, by ${by}` : ''}.`)
}

/** The event that wakes the run which asked; that there is one decides nothing. */
function decidedEvent({ id, run }: Approval, state: ApprovalState, now: number): CloudEvent {
  return {
    specversion: '1.0',
    id: `${id}/decided`,
    source: '/sluse/approvals',
    type: 'dk.sluse.approval.decided.v1',
    subject: id,
    time: new Date(now).toISOString(),
    datacontenttype: 'application/json',
    data: { approval: id, run, decision: state.outcome?.decision ?? null },
  }
}
