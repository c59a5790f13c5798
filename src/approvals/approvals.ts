import { audited, may, mayIn, type Access, type Permission, type Principal } from '../access/index.ts'
import type { Database, Statement } from '../database/index.ts'
import type { ActivityRequest, Clock } from '../engines/index.ts'
import { hasCode, SluseError } from '../errors.ts'
import type { AuditedOrigin, AuditLog } from '../history/index.ts'
import { invalid, type CloudEvent, type Json } from '../workflow/index.ts'
import { standsInFor, type Delegation, type NewDelegation } from './delegations.ts'
import { isAmong, passGate, type StandIns } from './gate.ts'
import { notices, type Notice } from './notices.ts'
import { openApproval } from './open-approval.ts'
import { auditingRefusals } from './refusals.ts'
import type { People } from './request.ts'
import { openSchedule } from './schedule.ts'
import { asked, withNo, withYes, type ApprovalState, type Vote } from './state.ts'
import { openStandIns } from './stand-ins.ts'
import {
  eventsOf,
  getApproval,
  insertEvent,
  listApprovals,
  updateApproval,
  type Approval,
  type ApprovalEvent,
} from './store.ts'
import { runHasEnded } from './withdraw.ts'

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

/** Approvals: what people are asked, who may answer, and what follows. All that changes one goes through `change`. */
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

/** The event that wakes the run which asked; that there is one decides nothing. */
export function decidedEvent({ id, run }: Approval, state: ApprovalState, now: number): CloudEvent {
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

const mostTries = 5
const scanned = 5000
const pageSize = 200

export function openApprovals(options: ApprovalsOptions): Approvals {
  const { database, audit, access, clock } = options
  const turns = new Turns()

  /**
   * One change at a time of one approval: loaded, judged, and written with its event, its entry and the wake-up.
   * What is refused stands in the audit log, too.
   */
  const change = (
    id: string,
    { action, ...by }: By,
    decideOn: (approval: Approval) => Promise<Change>,
  ): Promise<Approval> =>
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
          const { state, event, entry, notice } = await decideOn(approval)
          try {
            await write(approval, state, event, entry, notice)
            return await getApproval(database, id)
          } catch (error) {
            if (!hasCode(error, 'SLUSE-STORE-CHANGED') || tries === mostTries) throw error
          }
          // Another process was faster: it is judged anew, as it is now.
          approval = await getApproval(database, id)
        }
      })
    })

  const write = async (
    approval: Approval,
    state: ApprovalState,
    event: Omit<ApprovalEvent, 'at'>,
    entry: Statement[],
    notice?: Notice,
  ) => {
    const now = clock.now()
    const told = notice ? await notices(notice, { ...approval, state }, options, now) : []
    await options.publish(state.outcome ? [decidedEvent(approval, state, now)] : [], [
      updateApproval(approval, state),
      insertEvent(approval.id, { ...event, at: now }),
      ...entry,
      ...told,
    ])
    schedule.changed()
    if (told.length > 0) options.noticed()
  }

  const standIns = async (who: Principal, namespace: string): Promise<StandIns> => {
    const absent = await standsInFor(database, who.subject, namespace, clock.now())
    const people = await Promise.all(absent.map((subject) => access.person(subject)))
    return people.filter((person) => person !== undefined)
  }

  const viewOf = async (approval: Approval, who: Principal): Promise<ApprovalView> => {
    if (approval.state.outcome) return { approval, mayDecide: false, why: 'SLUSE-APPROVAL-DECIDED' }
    const { claim } = approval.state
    if (claim && claim.subject !== who.subject)
      return { approval, mayDecide: false, why: 'SLUSE-APPROVAL-CLAIMED' }
    try {
      passGate(who, approval, await standIns(who, approval.namespace))
      return { approval, mayDecide: true }
    } catch (error) {
      return { approval, mayDecide: false, why: (error as SluseError).code }
    }
  }

  const schedule = openSchedule({ ...options, turns, write })

  const entryBy = (
    who: Principal,
    action: Permission,
    { id, namespace, run }: Approval,
    from: AuditedOrigin,
    details: { [name: string]: Json },
    purpose?: string,
  ) =>
    audit.entry({
      who: audited(who),
      action,
      resource: `approval/${id}`,
      namespace,
      outcome: 'done',
      from,
      ...(purpose !== undefined && { purpose }),
      details: { run, ...details },
    })

  const mustSee = async (id: string, who: Principal) => {
    const approval = await getApproval(database, id)
    if (may(who, 'approvals.read', approval.namespace)) return approval
    throw new SluseError('SLUSE-APPROVAL-NOT-FOUND', `(${id})`)
  }

  const open = openApproval(options, () => schedule.changed())

  return {
    activity: open,

    list: async ({ box, status, namespace, run, newestFirst = box !== 'inbox', cursor, limit }, who) => {
      const held = mayIn(who, 'approvals.read')
      const namespaces =
        namespace === undefined ? held : held === '*' || held.includes(namespace) ? [namespace] : []
      const filter = {
        ...(namespaces !== '*' && { namespaces }),
        ...(run !== undefined && { run }),
        ...(box === 'inbox' ? { statuses: ['open' as const] } : status && { statuses: status }),
        ...(box === 'mine' && { actor: who.subject }),
        newest: newestFirst,
      }
      const found: ApprovalView[] = []
      let after = cursor
      for (let seen = 0; seen < scanned;) {
        const page = await listApprovals(database, {
          ...filter,
          limit: pageSize,
          ...(after !== undefined && { cursor: after }),
        })
        for (const approval of page) {
          seen++
          after = approval.number
          const view = await viewOf(approval, who)
          if (box !== 'inbox' || view.mayDecide) found.push(view)
          if (found.length === limit) return { approvals: found, next: after }
        }
        if (page.length < pageSize) return { approvals: found }
      }
      return { approvals: found, ...(after !== undefined && { next: after }) }
    },

    get: async (id, who) => {
      const approval = await mustSee(id, who)
      const view = await viewOf(approval, who)
      const events = await eventsOf(database, id)
      const took = events.some(({ subject }) => subject === who.subject)
      const people = asked(approval.request, approval.state)
      const among = [who, ...(await standIns(who, approval.namespace))].some((person) =>
        isAmong(person, people, approval.namespace),
      )
      return { ...view, events, seesData: may(who, 'approvals.data', approval.namespace) && (among || took) }
    },

    decide: (id, given, who, from) =>
      change(id, { who, from, action: 'approvals.decide' }, async (approval) => {
        if (given.version !== undefined && given.version !== approval.version)
          throw new SluseError('SLUSE-APPROVAL-CHANGED', `It is at version ${approval.version}.`)
        const stead = passGate(who, approval, await standIns(who, approval.namespace))
        await mustBeAsked(approval, who)
        const vote = voteOf(given, who, stead, clock.now())
        checkAnswer(approval, given)
        const state =
          given.decision === 'approved'
            ? withYes(approval.request, approval.state, vote)
            : withNo(approval.state, given.decision, vote)
        const kind = state.outcome ? given.decision : ('voted' as const)
        const { for: standing } = vote
        const details = {
          decision: given.decision,
          final: state.outcome !== undefined,
          ...(standing !== undefined && { for: standing }),
        }
        return {
          state,
          event: { kind, subject: who.subject, data: { ...details, ...eventData(vote) } },
          entry: entryBy(who, 'approvals.decide', approval, from, details),
          ...(state.outcome && { notice: { kind: 'decided' as const } }),
        }
      }),

    claim: (id, who, from) =>
      change(id, { who, from, action: 'approvals.decide' }, async (approval) => {
        const { claim, ...rest } = approval.state
        if (claim && claim.subject !== who.subject)
          throw new SluseError('SLUSE-APPROVAL-CLAIMED', `By ${claim.name}.`)
        passGate(who, approval, await standIns(who, approval.namespace))
        const { subject, name } = who
        return {
          state: { ...rest, claim: { subject, name, at: clock.now() } },
          event: { kind: 'claimed', subject, data: { name } },
          entry: entryBy(who, 'approvals.decide', approval, from, { claimed: true }),
        }
      }),

    release: (id, who, from) =>
      change(id, { who, from, action: 'approvals.manage' }, async (approval) => {
        const { claim, ...state } = approval.state
        const own = claim?.subject === who.subject
        if (!claim || (!own && !may(who, 'approvals.manage', approval.namespace)))
          throw new SluseError('SLUSE-FORBIDDEN', 'It is not claimed by you.')
        return {
          state,
          event: { kind: 'released', subject: who.subject, data: { name: who.name } },
          entry: entryBy(who, own ? 'approvals.decide' : 'approvals.manage', approval, from, {
            released: true,
          }),
        }
      }),

    reassign: (id, to, comment, who, from) =>
      change(id, { who, from, action: 'approvals.decide' }, async (approval) => {
        const manages = may(who, 'approvals.manage', approval.namespace)
        // Who is asked may hand it on to colleagues; four eyes and roles hold for them as for anybody.
        if (!manages) passGate(who, approval, await standIns(who, approval.namespace))
        const { claim: _claim, ...rest } = approval.state
        return {
          state: { ...rest, reassigned: to },
          event: {
            kind: 'reassigned',
            subject: who.subject,
            data: { name: who.name, comment, to: to as never },
          },
          entry: entryBy(who, manages ? 'approvals.manage' : 'approvals.decide', approval, from, {
            reassigned: to as never,
          }),
          notice: { kind: 'asked' },
        }
      }),

    ...openStandIns(options),

    close: () => schedule.close(),
  }

  async function mustBeAsked(approval: Approval, who: Principal): Promise<void> {
    const { claim } = approval.state
    if (claim && claim.subject !== who.subject)
      throw new SluseError('SLUSE-APPROVAL-CLAIMED', `By ${claim.name}.`)
    if (await runHasEnded(database, approval.run)) {
      await schedule.withdrawIn(approval)
      throw new SluseError('SLUSE-APPROVAL-DECIDED', 'The run that asked has ended.')
    }
    // The time may be up although nobody has noticed yet: expired is expired.
    if (approval.state.deadline !== undefined && approval.state.deadline <= clock.now()) {
      await schedule.dueIn(approval)
      const now = await getApproval(database, approval.id)
      if (now.state.outcome) throw alreadyDecided(now)
      throw new SluseError('SLUSE-APPROVAL-CHANGED', 'Its deadline has passed, and others are asked, too.')
    }
  }
}

/** Who asks for a change, and the permission that it takes. */
interface By {
  readonly who: Principal
  readonly from: AuditedOrigin
  readonly action: Permission
}

interface Change {
  readonly state: ApprovalState
  readonly event: Omit<ApprovalEvent, 'at'>
  readonly entry: Statement[]
  readonly notice?: Notice
}

/** One after the other, for each id. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  take<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(id) ?? Promise.resolve()
    const mine = before.then(work, work)
    const settled = mine.catch((error: unknown) => error)
    this.#last.set(id, settled)
    void settled.then(() => {
      if (this.#last.get(id) === settled) this.#last.delete(id)
    })
    return mine
  }
}

function voteOf(
  { comment, form }: Decision,
  { subject, name }: Principal,
  stead: { for?: string },
  at: number,
): Vote {
  return {
    subject,
    name,
    at,
    ...stead,
    ...(comment !== undefined && comment.trim() !== '' && { comment: comment.trim() }),
    ...(form !== undefined && { form }),
  }
}

function eventData({ name, comment }: Vote): { [key: string]: Json } {
  return { name, ...(comment !== undefined && { comment }) }
}

/** A yes has a form that is filled in, a no has a reason. */
function checkAnswer({ request }: Approval, { decision, comment, form }: Decision): void {
  if (decision !== 'approved') {
    if (comment === undefined || comment.trim() === '') throw new SluseError('SLUSE-APPROVAL-COMMENT')
    return
  }
  if (!request.form) {
    if (form !== undefined) throw new SluseError('SLUSE-APPROVAL-FORM', 'It has no form.')
    return
  }
  const fault = invalid(request.form, 'json', form ?? {}, 'the form')
  if (!fault) return
  const { errors, detail } = fault.problem
  throw new SluseError('SLUSE-APPROVAL-FORM', detail ?? '', { data: Array.isArray(errors) ? errors : [] })
}

function alreadyDecided({ state, status }: Approval): SluseError {
  const by = state.outcome?.by.map(({ name }) => name).join(', ')
  return new SluseError('SLUSE-APPROVAL-DECIDED', `It is ${status}${by ? `, by ${by}` : ''}.`)
}
