import type { ConsumedEvent, DurableContext, Json, Scope } from '../../workflow/index.ts'
import { WorkflowFault } from '../../workflow/index.ts'
import type { LiveRun } from './live-run.ts'
import type { Pending, Request, Result } from './pending.ts'

/** The interpreter's port, over a run in memory. */
export function contextOf(run: LiveRun): DurableContext {
  const ask = (key: string, request: Request, scope: Scope) => {
    const asked = new Promise<Json>((resolve, reject) => {
      scope.throwIfCancelled()
      let deaf = () => {}
      const settle = (result: Result) => {
        deaf()
        if ('value' in result) resolve(result.value)
        else reject(new WorkflowFault(result.problem))
      }
      const pending: Pending = { key, request, settle, phase: 'asked', attempt: 0, scannedTo: 0 }
      run.ask(pending)
      deaf = scope.onCancel((reason) => {
        run.drop(pending)
        reject(reason)
      })
    })
    // What lost a race may have nobody left who listens.
    asked.catch(() => {})
    return asked
  }

  return {
    now: () => run.now,
    uuid: (key) => run.core.derivedId(run.row.id, key),
    activity: (key, call, scope) => ask(key, { kind: 'activity', call }, scope),
    sleep: async (key, until, scope) => void (await ask(key, { kind: 'sleep', until }, scope)),
    event: async (key, filters, scope) =>
      (await ask(key, { kind: 'event', filters }, scope)) as unknown as ConsumedEvent,
    child: (key, child, scope) => ask(key, { kind: 'child', child }, scope),
    report: (report) => run.report(report),
  }
}
