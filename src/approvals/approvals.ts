import type { Access, Principal } from '../access/index.ts'
import type { Database, Statement } from '../database/index.ts'
import type { ActivityRequest, Clock } from '../engines/index.ts'
import type { AuditedOrigin, AuditLog } from '../history/index.ts'
import type { CloudEvent, Json } from '../workflow/index.ts'
import { openChanges } from './changes.ts'
import { openDecisions } from './decisions.ts'
import type { Delegation, NewDelegation } from './delegations.ts'
import { openLists } from './lists.ts'
import { openApproval } from './open-approval.ts'
import type { People } from './request.ts'
import { openSchedule } from './schedule.ts'
import { openStandIns } from './stand-ins.ts'
import type { Approval, ApprovalEvent } from './store.ts'
import { Turns } from './turns.ts'

export interface ApprovalsOptions {
  readonly database: Database
  readonly audit: AuditLog
  readonly access: Access
  readonly clock: Clock
  /** Accepts the events and writes the statements, in one transaction. */
  readonly publish: (events: readonly CloudEvent[], statements: readonly Statement[]) => Promise<unknown>
  /** Somebody may be told something now. */
  readonly noticed: () => void
  /** Whether notices are sent anywhere: then they are written. */
  readonly notifies: { readonly email: boolean; readonly webhook: boolean }
  readonly log: (level: 'info' | 'warn' | 'error', message: string, data?: { [key: string]: Json }) => void
}

export interface Decision {
  readonly decision: 'approved' | 'rejected' | 'changes-requested'
  readonly comment?: string
  /** The answer to the approval's form. */
  readonly form?: Json
  /** `version` of what one saw: where it has changed since, nothing is decided. */
  readonly version?: number
}

export interface ApprovalView {
  readonly approval: Approval
  /** Whether the person may decide now, and why not. */
  readonly mayDecide: boolean
  readonly why?: string
}

export interface ListQuery {
  /** `inbox`: what one may decide now. `mine`: where one has done something. */
  readonly box: 'inbox' | 'mine' | 'all'
  readonly status?: readonly Approval['status'][]
  readonly namespace?: string
  readonly run?: string
  /** Default: an inbox has the oldest first, the others the newest. */
  readonly newestFirst?: boolean
  readonly cursor?: number
  readonly limit: number
}

/** Approvals: what people are asked, who may answer, and what follows. All that changes one goes through `changes.ts`. */
export interface Approvals {
  /** What `approve:1.0.0@default` asks: opens the approval, or tells how it stands. */
  readonly activity: (request: ActivityRequest) => Promise<Json>
  list(query: ListQuery, who: Principal): Promise<{ approvals: ApprovalView[]; next?: number }>
  /** One, with what happened to it. Throws `SLUSE-APPROVAL-NOT-FOUND`, also where one may not know of it. */
  get(
    id: string,
    who: Principal,
  ): Promise<ApprovalView & { readonly seesData: boolean; events: ApprovalEvent[] }>
  decide(id: string, decision: Decision, who: Principal, from: AuditedOrigin): Promise<Approval>
  claim(id: string, who: Principal, from: AuditedOrigin): Promise<Approval>
  release(id: string, who: Principal, from: AuditedOrigin): Promise<Approval>
  reassign(id: string, to: People, comment: string, who: Principal, from: AuditedOrigin): Promise<Approval>

  /** One's own and those to oneself; all, for those who manage approvals. */
  delegations(who: Principal): Promise<Delegation[]>
  delegate(given: NewDelegation, who: Principal, from: AuditedOrigin): Promise<Delegation>
  endDelegation(id: string, who: Principal, from: AuditedOrigin): Promise<void>
  close(): Promise<void>
}

export function openApprovals(options: ApprovalsOptions): Approvals {
  const turns = new Turns()
  const { change, write } = openChanges(options, turns, () => schedule.changed())
  const schedule = openSchedule({ ...options, turns, write })
  return {
    activity: openApproval(options, () => schedule.changed()),
    ...openLists(options),
    ...openDecisions(options, change, schedule),
    ...openStandIns(options),
    close: () => schedule.close(),
  }
}
