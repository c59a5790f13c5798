import { may, mayIn, type Principal } from '../access/index.ts'
import { SluseError } from '../errors.ts'
import type { Approvals, ApprovalsOptions, ApprovalView } from './approvals.ts'
import { isAmong, passGate } from './gate.ts'
import { standInsOf } from './stand-ins.ts'
import { asked } from './state.ts'
import { eventsOf, getApproval, listApprovals, type Approval } from './store.ts'

const scanned = 5000
const pageSize = 200

/** What people see of approvals: those that they may know of, and whether they may decide. */
export function openLists(options: ApprovalsOptions): Pick<Approvals, 'list' | 'get'> {
  const { database } = options
  const standIns = standInsOf(options)

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

  const mustSee = async (id: string, who: Principal) => {
    const approval = await getApproval(database, id)
    if (may(who, 'approvals.read', approval.namespace)) return approval
    throw new SluseError('SLUSE-APPROVAL-NOT-FOUND', `(${id})`)
  }

  return {
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
  }
}
