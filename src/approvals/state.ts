import type { Json } from '../workflow/index.ts'
import { endOf, reminderTimes, type ApprovalRequest, type People } from './request.ts'

/** What has become of a request; kept beside it, and changed only by the functions here. Times are milliseconds. */
export interface ApprovalState {
  /** People who started the run, or what started it: with four eyes they do not decide. */
  readonly starters: readonly string[]
  /** Who is asked in the place of the request's approvers, after a reassignment. */
  readonly reassigned?: People
  /** Escalations so far. */
  readonly stage: number
  readonly deadline?: number
  /** Reminders to come, in order. */
  readonly reminders: readonly number[]
  readonly claim?: { readonly subject: string; readonly name: string; readonly at: number }
  /** Those who have said yes so far. */
  readonly votes: readonly Vote[]
  readonly outcome?: Outcome
}

export interface Vote {
  readonly subject: string
  readonly name: string
  readonly at: number
  /** In whose stead. */
  readonly for?: string
  readonly comment?: string
  readonly form?: Json
}

export interface Outcome {
  readonly decision: 'approved' | 'rejected' | 'changes-requested'
  readonly at: number
  /** `expired`: nobody decided in time. `withdrawn`: the run no longer asks. */
  readonly reason?: 'expired' | 'withdrawn'
  readonly comment?: string
  /** Who decided; with a quorum, all who approved. Nobody where the time was up. */
  readonly by: readonly Vote[]
}

export type ApprovalStatus = 'open' | 'approved' | 'rejected' | 'changes-requested' | 'expired' | 'withdrawn'

export function opened(request: ApprovalRequest, starters: readonly string[], now: number): ApprovalState {
  const deadline = request.deadline && endOf(request.deadline, now, request.calendar)
  return {
    starters,
    stage: 0,
    ...(deadline !== undefined && { deadline }),
    reminders: reminderTimes(request, now, deadline),
    votes: [],
  }
}

/** Everybody who is asked now. */
export function asked(
  { approvers, escalation }: ApprovalRequest,
  { reassigned, stage }: ApprovalState,
): People[] {
  return [reassigned ?? approvers, ...escalation.slice(0, stage).map(({ to }) => to)]
}

/** A yes; the decision, once there are enough. */
export function withYes(request: ApprovalRequest, state: ApprovalState, vote: Vote): ApprovalState {
  const { claim: _claim, ...rest } = state
  const votes = [...state.votes, vote]
  if (votes.length < request.quorum) return { ...rest, votes }
  const { at, comment } = vote
  const outcome: Outcome = { decision: 'approved', at, ...(comment !== undefined && { comment }), by: votes }
  return { ...closed(rest), votes, outcome }
}

/** A no, or a wish for changes: one person is enough. */
export function withNo(
  state: ApprovalState,
  decision: 'rejected' | 'changes-requested',
  vote: Vote,
): ApprovalState {
  const { at, comment } = vote
  return {
    ...closed(state),
    outcome: { decision, at, ...(comment !== undefined && { comment }), by: [vote] },
  }
}

/** Nobody answers any more. What was not decided is not a yes. */
export function ended(state: ApprovalState, reason: 'expired' | 'withdrawn', at: number): ApprovalState {
  return { ...closed(state), outcome: { decision: 'rejected', reason, at, by: [] } }
}

/** The deadline has passed: the next ones are asked, too, until another; after the last the answer is no. */
export function afterDeadline(request: ApprovalRequest, state: ApprovalState, now: number): ApprovalState {
  const step = request.escalation[state.stage]
  if (!step) return ended(state, 'expired', now)
  const deadline = endOf(step.deadline, now, request.calendar)
  // An escalation until a time that has passed already asks nobody.
  if (deadline <= now) return afterDeadline(request, { ...state, stage: state.stage + 1 }, now)
  return { ...state, stage: state.stage + 1, deadline, reminders: reminderTimes(request, now, deadline) }
}

/** When something is to happen by itself. */
export function nextDue({ outcome, deadline, reminders }: ApprovalState): number | null {
  if (outcome) return null
  const [reminder] = reminders
  const times = [deadline, reminder].filter((at) => at !== undefined)
  return times.length > 0 ? Math.min(...times) : null
}

export function statusOf({ outcome }: ApprovalState): ApprovalStatus {
  return outcome ? (outcome.reason ?? outcome.decision) : 'open'
}

function closed(state: ApprovalState): ApprovalState {
  const { claim: _claim, ...rest } = state
  return { ...rest, reminders: [] }
}
