import { readMark } from '../database/index.ts'
import { hasCode } from '../errors.ts'
import type { ApprovalsOptions } from './approvals.ts'
import type { Changes } from './changes.ts'
import { afterDeadline, ended } from './state.ts'
import { dueApprovals, findApproval, nextDueOfAll, type Approval } from './store.ts'
import type { Turns } from './turns.ts'
import { abandoned, orphans, removeOld, runHasEnded } from './withdraw.ts'

interface ScheduleOptions extends ApprovalsOptions {
  readonly turns: Turns
  readonly write: Changes['write']
}

export interface Schedule {
  /** Something is due at another time than before. */
  changed(): void
  /** What is due of this one, by whoever holds its turn. */
  dueIn(approval: Approval): Promise<void>
  withdrawIn(approval: Approval): Promise<void>
  close(): Promise<void>
}

const sweepMs = 2000
const tidyMs = 3_600_000
const system = { subject: 'system' }

/** What happens to approvals by itself: reminders, escalation, expiry, and withdrawal where a run no longer asks. */
export function openSchedule(options: ScheduleOptions): Schedule {
  const { database, audit, clock, log, turns, write } = options
  let stop = () => {}
  let closed = false
  let working: Promise<unknown> = Promise.resolve()
  let looked = -1
  let tidied = 0

  const entry = ({ id, namespace, run }: Approval, action: string) =>
    audit.entry({
      who: system,
      action: `approvals.${action}`,
      resource: `approval/${id}`,
      namespace,
      outcome: 'done',
      details: { run },
    })

  const dueIn = async (approval: Approval): Promise<void> => {
    const { state, request } = approval
    const now = clock.now()
    if (state.outcome) return
    if (state.deadline !== undefined && state.deadline <= now) {
      const next = afterDeadline(request, state, now)
      const kind = next.outcome ? 'expired' : 'escalated'
      return write(approval, {
        state: next,
        event: { kind, data: { stage: next.stage } },
        entry: entry(approval, kind),
        notice: { kind: next.outcome ? 'decided' : 'escalated' },
      })
    }
    const left = state.reminders.filter((at) => at > now)
    if (left.length === state.reminders.length) return
    return write(approval, {
      state: { ...state, reminders: left },
      event: { kind: 'reminded', data: {} },
      entry: [],
      notice: { kind: 'reminder' },
    })
  }

  const withdrawIn = (approval: Approval) =>
    approval.state.outcome
      ? Promise.resolve()
      : write(approval, {
          state: ended(approval.state, 'withdrawn', clock.now()),
          event: { kind: 'withdrawn', data: {} },
          entry: entry(approval, 'withdrawn'),
        })

  const each = async (ids: readonly string[], work: (approval: Approval) => Promise<void>) => {
    for (const id of ids) {
      if (closed) return
      await turns.take(id, async () => {
        const approval = await findApproval(database, id)
        if (approval) await work(approval).catch(unlessDone)
      })
    }
  }

  /** Another process on the same database did something to it first; what is still due is found again. */
  const unlessDone = (error: unknown) => {
    if (!hasCode(error, 'SLUSE-STORE-CHANGED')) throw error
  }

  const tick = async () => {
    for (let ids = await dueApprovals(database, clock.now()); ids.length > 0 && !closed;) {
      await each(ids, async (approval) =>
        (await runHasEnded(database, approval.run)) ? withdrawIn(approval) : dueIn(approval),
      )
      ids = await dueApprovals(database, clock.now())
    }
  }

  const sweep = async () => {
    if (looked < 0) {
      looked = (await readMark(database, 'approvals')) ?? 0
    }
    await each(await orphans(database), withdrawIn)
    const { ids, to } = await abandoned(database, looked)
    await each(ids, withdrawIn)
    if (ids.length > 0) {
      await database.commit([
        {
          sql: `INSERT INTO marks (name, value) VALUES ('approvals', ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE excluded.value > marks.value`,
          parameters: [to],
        },
      ])
    }
    looked = to
    if (Date.now() - tidied > tidyMs) {
      tidied = Date.now()
      await removeOld(database)
    }
  }

  const soon = (work: () => Promise<void>) => {
    working = working.then(work).catch((error: unknown) => {
      if (!closed && !hasCode(error, 'SLUSE-CLOSING'))
        log('error', 'What is due of approvals cannot be done; trying again.', { error: String(error) })
    })
    return working
  }

  /** One look at a time, and one more for all that changed during it. */
  let asked = false
  const arm = () => {
    if (asked || closed) return
    asked = true
    void soon(async () => {
      asked = false
      const due = await nextDueOfAll(database)
      stop()
      if (due === undefined || closed) return
      stop = clock.wakeAt(Math.max(due, clock.now()), () => void soon(tick).then(arm))
    })
  }

  const timer = setInterval(() => {
    void soon(sweep)
    // Others may have asked for something that is due sooner.
    arm()
  }, sweepMs)
  timer.unref()
  arm()

  return {
    changed: arm,
    dueIn,
    withdrawIn,
    close: async () => {
      closed = true
      clearInterval(timer)
      stop()
      await working
    },
  }
}
