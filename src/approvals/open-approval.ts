import { randomUUID } from 'node:crypto'
import type { ActivityRequest } from '../engines/index.ts'
import { hasCode } from '../errors.ts'
import { mapLeaves } from '../history/index.ts'
import { maskFor } from '../http/index.ts'
import { fault, isObject, type Json, type JsonObject } from '../workflow/index.ts'
import type { ApprovalsOptions } from './approvals.ts'
import { notices } from './notices.ts'
import { readRequest } from './request.ts'
import { originOfRun } from './starters.ts'
import { opened } from './state.ts'
import { approvalOfTask, insertApproval, insertEvent, type Approval, type NewApproval } from './store.ts'

/**
 * The activity behind `approve:1.0.0@default`. The same task of the same run is the same approval, however often it
 * is carried out: after a crash, and each time the run looks how it stands.
 */
export function openApproval(options: ApprovalsOptions, changed: () => void) {
  const { database, audit, clock } = options

  return async ({ input, runId, key, secrets }: ActivityRequest): Promise<Json> => {
    if (!isObject(input)) throw fault('configuration', 'An approval is given an object.')
    const { task: named, ...given } = input
    const task = typeof named === 'string' ? named : key
    const known = await approvalOfTask(database, runId, task)
    if (known) return answerOf(known)

    // What is shown is kept, and seen by people: no secret may be in it.
    const mask = maskFor(...Object.values(secrets))
    const plain = mapLeaves(given, (leaf) => (typeof leaf === 'string' ? mask(leaf) : leaf)) as JsonObject
    const request = readRequest(plain)
    const origin = await originOfRun(database, runId)
    if (!origin) throw fault('runtime', 'The run that asks is not there.')
    const now = clock.now()
    const { namespace, name, version, starters } = origin
    const approval: NewApproval = {
      id: randomUUID(),
      run: runId,
      task,
      namespace,
      name,
      definitionVersion: version,
      openedAt: now,
      request,
      state: opened(request, starters, now),
    }
    const whole: Approval = { ...approval, number: 0, status: 'open', version: 0 }
    const told = await notices({ kind: 'asked' }, whole, options, now)
    try {
      await options.publish(
        [],
        [
          insertApproval(approval),
          insertEvent(approval.id, { at: now, kind: 'opened', data: {} }),
          ...audit.entry({
            who: { subject: 'system' },
            action: 'approvals.open',
            resource: `approval/${approval.id}`,
            namespace,
            outcome: 'done',
            details: { run: runId, task },
          }),
          ...told,
        ],
      )
    } catch (error) {
      // Carried out twice at once: the other was first.
      const other = hasCode(error, 'SLUSE-STORE') ? await approvalOfTask(database, runId, task) : undefined
      if (!other) throw error
      return answerOf(other)
    }
    changed()
    if (told.length > 0) options.noticed()
    return { approval: approval.id }
  }
}

/** What the task is given. Times are ISO 8601. */
function answerOf({ id, state }: Approval): Json {
  const { outcome } = state
  if (!outcome) return { approval: id }
  const { decision, at, reason, comment, by } = outcome
  const last = by.at(-1)
  return {
    approval: id,
    decision,
    at: new Date(at).toISOString(),
    ...(reason !== undefined && { reason }),
    ...(comment !== undefined && { comment }),
    ...(last?.form !== undefined && { form: last.form }),
    by: by.map((vote) => ({
      subject: vote.subject,
      name: vote.name,
      at: new Date(vote.at).toISOString(),
      ...(vote.for !== undefined && { for: vote.for }),
      ...(vote.comment !== undefined && { comment: vote.comment }),
      ...(vote.form !== undefined && { form: vote.form }),
    })),
  }
}
