import { audited, may, mayIn, type Access, type Principal } from '../access/index.ts'
import { SluseError } from '../errors.ts'
import type { Approvals, ApprovalsOptions } from './approvals.ts'
import {
  endDelegation,
  getDelegation,
  insertDelegation,
  listDelegations,
  standsInFor,
} from './delegations.ts'
import { isNamed, type StandIns } from './gate.ts'
import { auditingRefusals } from './refusals.ts'

type StandInsPort = Pick<Approvals, 'delegations' | 'delegate' | 'endDelegation'>

/** Who stands in for whom while they are away: said by themselves, or by who manages approvals; all of it audited. */
export function openStandIns({ database, audit, access, clock }: ApprovalsOptions): StandInsPort {
  return {
    delegations: (who) =>
      listDelegations(database, clock.now(), may(who, 'approvals.manage') ? undefined : who.subject),

    delegate: (given, who, from) => {
      const own = given.from === who.subject
      const action = own ? 'approvals.decide' : 'approvals.manage'
      const { namespace } = given
      const details = { from: given.from, to: given.to, beginsAt: given.beginsAt, endsAt: given.endsAt }
      const attempt = { who, from, action, resource: 'delegation', namespace, details } as const
      return auditingRefusals(audit, attempt, async () => {
        if (who.kind === 'machine' || !may(who, action, namespace))
          throw new SluseError('SLUSE-FORBIDDEN', `It takes ${action}.`)
        // For all namespaces one must be allowed in all: else an administrator of one would rule over others.
        if (!own && namespace === undefined && mayIn(who, 'approvals.manage') !== '*')
          throw new SluseError('SLUSE-FORBIDDEN', 'It takes approvals.manage in all namespaces.')
        const to = await subjectOf(access, given.to)
        const { delegation, statement } = insertDelegation({ ...given, to }, clock.now())
        const entry = audit.entry({
          who: audited(who),
          action,
          resource: `delegation/${delegation.id}`,
          ...(namespace !== undefined && { namespace }),
          outcome: 'done',
          from,
          details,
        })
        await database.commit([statement, ...entry])
        return delegation
      })
    },

    endDelegation: async (id, who, from) => {
      const delegation = await getDelegation(database, id)
      const { namespace } = delegation
      const own = delegation.from === who.subject || delegation.to === who.subject
      const action = own ? 'approvals.decide' : 'approvals.manage'
      const attempt = { who, from, action, resource: `delegation/${id}`, namespace } as const
      await auditingRefusals(audit, attempt, async () => {
        if (!own && !may(who, action, namespace))
          throw new SluseError('SLUSE-DELEGATION-NOT-FOUND', `(${id})`)
        const entry = audit.entry({
          who: audited(who),
          action,
          resource: `delegation/${id}`,
          ...(namespace !== undefined && { namespace }),
          outcome: 'done',
          from,
          details: { ended: true },
        })
        await database.commit([endDelegation(id, clock.now()), ...entry])
      })
    },
  }
}

/** In whose stead somebody may act in a namespace now. */
export function standInsOf({ database, access, clock }: ApprovalsOptions) {
  return async (who: Principal, namespace: string): Promise<StandIns> => {
    const absent = await standsInFor(database, who.subject, namespace, clock.now())
    const people = await Promise.all(absent.map((subject) => access.person(subject)))
    return people.filter((person) => person !== undefined)
  }
}

/** People know each other by e-mail address: one that the provider confirmed names who has it, where one alone has. */
async function subjectOf(access: Access, name: string): Promise<string> {
  if (!name.includes('@') || (await access.person(name))) return name
  const found = (await access.reachable()).filter((person) => isNamed(person, name))
  if (found.length === 1 && found[0]) return found[0].subject
  throw new SluseError(
    'SLUSE-DELEGATION',
    found.length === 0
      ? 'Nobody with that e-mail address has signed in.'
      : 'Several have that e-mail address.',
  )
}
