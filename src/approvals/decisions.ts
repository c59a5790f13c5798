import { audited, may, type Permission, type Principal } from '../access/index.ts'
import { SluseError } from '../errors.ts'
import type { AuditedOrigin } from '../history/index.ts'
import { invalid, type Json } from '../workflow/index.ts'
import type { Approvals, ApprovalsOptions, Decision } from './approvals.ts'
import { alreadyDecided, type Changes } from './changes.ts'
import { passGate } from './gate.ts'
import type { Schedule } from './schedule.ts'
import { standInsOf } from './stand-ins.ts'
import { withNo, withYes, type Vote } from './state.ts'
import { getApproval, type Approval } from './store.ts'
import { runHasEnded } from './withdraw.ts'

type DecisionsPort = Pick<Approvals, 'decide' | 'claim' | 'release' | 'reassign'>

/** What people do with an approval: decide it, take it, give it back, hand it on. */
export function openDecisions(
  options: ApprovalsOptions,
  change: Changes['change'],
  schedule: Pick<Schedule, 'dueIn' | 'withdrawIn'>,
): DecisionsPort {
  const { database, audit, clock } = options
  const standIns = standInsOf(options)

  const entryBy = (
    who: Principal,
    action: Permission,
    { id, namespace, run }: Approval,
    from: AuditedOrigin,
    details: { [name: string]: Json },
  ) =>
    audit.entry({
      who: audited(who),
      action,
      resource: `approval/${id}`,
      namespace,
      outcome: 'done',
      from,
      details: { run, ...details },
    })

  const mustBeAsked = async (approval: Approval, who: Principal): Promise<void> => {
    mustBeFree(approval, who)
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

  return {
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
        mustBeFree(approval, who)
        passGate(who, approval, await standIns(who, approval.namespace))
        const { subject, name } = who
        return {
          state: { ...approval.state, claim: { subject, name, at: clock.now() } },
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
        const action = own ? 'approvals.decide' : 'approvals.manage'
        return {
          state,
          event: { kind: 'released', subject: who.subject, data: { name: who.name } },
          entry: entryBy(who, action, approval, from, { released: true }),
        }
      }),

    reassign: (id, to, comment, who, from) =>
      change(id, { who, from, action: 'approvals.decide' }, async (approval) => {
        const manages = may(who, 'approvals.manage', approval.namespace)
        // Who is asked may hand it on to colleagues; four eyes and roles hold for them as for anybody.
        if (!manages) passGate(who, approval, await standIns(who, approval.namespace))
        const { claim: _claim, ...rest } = approval.state
        const action = manages ? 'approvals.manage' : 'approvals.decide'
        return {
          state: { ...rest, reassigned: to },
          event: {
            kind: 'reassigned',
            subject: who.subject,
            data: { name: who.name, comment, to: to as never },
          },
          entry: entryBy(who, action, approval, from, { reassigned: to as never }),
          notice: { kind: 'asked' },
        }
      }),
  }
}

function mustBeFree({ state: { claim } }: Approval, who: Principal): void {
  if (claim && claim.subject !== who.subject)
    throw new SluseError('SLUSE-APPROVAL-CLAIMED', `By ${claim.name}.`)
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
