import { may, type Principal } from '../access/index.ts'
import { SluseError } from '../errors.ts'
import type { ApprovalRequest, People } from './request.ts'
import { asked, type ApprovalState } from './state.ts'

export interface GateCase {
  readonly namespace: string
  readonly request: ApprovalRequest
  readonly state: ApprovalState
}

/** In whose stead one may decide: people who have said so, as they are known now. */
export type StandIns = readonly Principal[]

/**
 * The one gate: every decision, whatever the way in, goes through here. Gives in whose stead it is decided, where it
 * is not one's own right; throws `SLUSE-APPROVAL-…` or `SLUSE-FORBIDDEN` where it is not to be.
 *
 * - Only people decide, and only those whose roles allow it in the namespace.
 * - Only who is asked: as user, by group or by role; or who stands in for somebody who is.
 * - With four eyes, nobody who started the run or prepared the data, neither themselves nor through a stand-in.
 * - Nobody twice, and no voice twice.
 */
export function passGate(who: Principal, about: GateCase, standIns: StandIns): { for?: string } {
  const { namespace, request, state } = about
  if (who.kind === 'machine') throw new SluseError('SLUSE-APPROVAL-PERSON')
  if (!may(who, 'approvals.decide', namespace))
    throw new SluseError('SLUSE-FORBIDDEN', `It takes approvals.decide in the namespace ${namespace}.`)
  if (request.fourEyes && isInvolved(who, about)) throw new SluseError('SLUSE-APPROVAL-FOUR-EYES')
  if (state.votes.some(({ subject }) => subject === who.subject)) throw new SluseError('SLUSE-APPROVAL-TWICE')

  const people = asked(request, state)
  const taken = new Set(
    state.votes.flatMap((vote) => [vote.subject, ...(vote.for === undefined ? [] : [vote.for])]),
  )
  const own = isAmong(who, people, namespace) && !taken.has(who.subject)
  if (own) return {}
  const absent = standIns.filter(
    (person) =>
      may(person, 'approvals.decide', namespace) &&
      isAmong(person, people, namespace) &&
      !(request.fourEyes && isInvolved(person, about)),
  )
  const free = absent.find(({ subject }) => !taken.has(subject))
  if (free) return { for: free.subject }
  throw new SluseError(
    absent.length > 0 || taken.has(who.subject) ? 'SLUSE-APPROVAL-TWICE' : 'SLUSE-APPROVAL-NOT-ASKED',
  )
}

/** Whether somebody is any of these people, in the namespace. */
export function isAmong(who: Principal, all: readonly People[], namespace: string): boolean {
  return all.some(
    ({ users, groups, roles }) =>
      users.some((name) => isNamed(who, name)) ||
      groups.some((group) => who.groups.includes(group)) ||
      roles.some((role) =>
        who.grants.some(
          (grant) =>
            grant.role === role && (grant.namespaces === '*' || grant.namespaces.includes(namespace)),
        ),
      ),
  )
}

/** By subject, or by an e-mail address that the provider confirmed. */
export function isNamed({ subject, email }: Principal, name: string): boolean {
  return subject === name || (email !== undefined && email === name.toLowerCase())
}

function isInvolved(who: Principal, { request, state }: GateCase): boolean {
  return [...state.starters, ...request.preparedBy].some((name) => isNamed(who, name))
}
