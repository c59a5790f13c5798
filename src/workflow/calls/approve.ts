import { constant, type EventFilter } from '../events.ts'
import type { Frame } from '../frame.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { fault, WorkflowFault } from '../problem.ts'

/** Published, in one transaction with it, when an approval was decided; the subject is the approval's id. */
const decided = 'dk.sluse.approval.decided.v1'

const notApproved = 'https://sluse.dk/errors/not-approved'

/**
 * `approve:1.0.0@default`: opens the approval, and waits for it to be decided. The event only wakes: what was decided
 * is asked for again where decisions are kept, so that nobody can decide by sending an event.
 */
export async function approve(frame: Frame, given: JsonObject): Promise<Json> {
  const call = { kind: 'approval', input: { ...given, task: frame.key } }
  for (let look = 0; ; look++) {
    const found = await frame.activity(call, look === 0 ? '' : `/look[${look}]`)
    if (!isObject(found)) throw fault('runtime', 'The approval has no state.')
    if (typeof found.decision === 'string') return outcome(frame, given, found)
    const filter: EventFilter = {
      with: { type: decided, subject: constant(String(found.approval)) },
      variables: {},
    }
    frame.run.stirred()
    await frame.run.context.event(`${frame.key}/decided[${look}]`, [filter], frame.scope)
  }
}

/** Unless the author says otherwise, only a yes goes on: what was forgotten must not deliver. */
function outcome(frame: Frame, given: JsonObject, found: JsonObject): Json {
  if (found.decision === 'approved' || given.otherwise === 'continue') return found
  const { decision, comment, approval } = found
  throw new WorkflowFault({
    type: notApproved,
    status: 403,
    title: 'Not approved',
    detail: `The approval was decided: ${String(decision)}.`,
    instance: frame.pointer,
    approval: approval ?? null,
    decision,
    ...(typeof comment === 'string' && { comment }),
  })
}
