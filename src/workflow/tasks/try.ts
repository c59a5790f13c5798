import type { OnFailure } from '../activity.ts'
import type { Catch, RetryPolicy, TryTask } from '../definition/types.ts'
import { binder, inside, type Frame } from '../frame.ts'
import { equalJson, type Json } from '../json.ts'
import { problemOf, sameErrorType, standardType, type Problem } from '../problem.ts'
import { retryDelay } from '../retry.ts'
import type { ListResult } from '../run.ts'
import { withTimeout } from '../timeout.ts'

/**
 * dsl-reference.md, "Try". An error that the catch takes is first retried, as its policy allows; each attempt runs
 * all tasks again on the task's transformed input. When retries are used up, `catch.do` has the last error; with a
 * policy but nothing to do then, the error goes on. Without either, the error is swallowed and the transformed
 * input goes on.
 */
export async function tryTask(frame: Frame): Promise<Json> {
  const task = frame.node.task as TryTask
  const policy = policyOf(frame, task.catch)
  const since = frame.run.context.now()
  for (let retries = 0; ; retries++) {
    try {
      return leave(frame, await attempt(frame, task, policy, retries))
    } catch (error) {
      const problem = problemOf(error)
      if (!problem || !catches(frame, task.catch, problem)) throw error
      if (policy && (await mayRetry(frame, task.catch, policy, problem, since, retries))) continue
      if (policy && !task.catch.do && task.catch.then === undefined) throw error
      return handle(frame, task.catch, problem)
    }
  }
}

function leave(frame: Frame, result: ListResult): Json {
  if (result.left === 'end') frame.then = 'end'
  return result.output
}

/** Retries have their number in the key: `/do/0/tryGetPet/try[1]/0/getPet` is of the first retry. */
function attempt(
  frame: Frame,
  task: TryTask,
  policy: RetryPolicy | undefined,
  retries: number,
): Promise<ListResult> {
  const { run, scope } = frame
  const key = attemptKey(frame, retries)
  const list = frame.node.list('/try', task.try)
  const onFailure = onFailureOf(task.catch, frame.onFailure)
  const limit = policy?.limit?.attempt?.duration
  if (limit === undefined) return run.perform.list(list, key, frame.input, inside(frame, { onFailure }))
  const until = run.context.now() + frame.duration(limit, '/catch/retry/limit/attempt/duration')
  return withTimeout({ run, scope, key: `${key}/timeout`, until, what: 'An attempt' }, (inner) =>
    run.perform.list(list, key, frame.input, inside(frame, { scope: inner, onFailure })),
  )
}

/** What becomes of a call within that fails: as far as can be told before it does. */
function onFailureOf(clause: Catch, around: OnFailure | undefined): OnFailure | undefined {
  const { type } = clause.errors?.with ?? {}
  if (typeof type === 'string' && !ofCalls.some((kind) => sameErrorType(type, standardType(kind))))
    return around
  const onlyRetries = clause.retry !== undefined && !clause.do && clause.then === undefined
  return onlyRetries && around !== 'caught' ? 'retried' : 'caught'
}

/** The standard errors that a failed call may be. */
const ofCalls = ['communication', 'timeout', 'runtime'] as const

function attemptKey(frame: Frame, retries: number): string {
  return `${frame.key}/try${retries === 0 ? '' : `[${retries}]`}`
}

/** The error must have every property of `errors.with`; then `when` must hold, and `exceptWhen` must not. */
function catches(frame: Frame, clause: Catch, problem: Problem): boolean {
  const locals = bindError(frame, clause, problem)
  for (const [name, expected] of Object.entries(clause.errors?.with ?? {})) {
    const actual = problem[name === 'details' ? 'detail' : name]
    const same =
      name === 'type' && typeof expected === 'string'
        ? sameErrorType(problem.type, expected)
        : actual !== undefined && equalJson(actual, expected as Json)
    if (!same) return false
  }
  const holds = (text: string, place: string) => frame.holds(text, problem as Json, place, locals)
  if (clause.when !== undefined && !holds(clause.when, '/catch/when')) return false
  return clause.exceptWhen === undefined || !holds(clause.exceptWhen, '/catch/exceptWhen')
}

/** Waits until the next attempt is due; false where there is to be none. */
async function mayRetry(
  frame: Frame,
  clause: Catch,
  policy: RetryPolicy,
  problem: Problem,
  since: number,
  retries: number,
): Promise<boolean> {
  const locals = bindError(frame, clause, problem)
  const holds = (text: string, place: string) => frame.holds(text, problem as Json, place, locals)
  if (policy.when !== undefined && !holds(policy.when, '/catch/retry/when')) return false
  if (policy.exceptWhen !== undefined && holds(policy.exceptWhen, '/catch/retry/exceptWhen')) return false
  const count = policy.limit?.attempt?.count
  if (count !== undefined && retries >= count) return false
  const key = attemptKey(frame, retries + 1)
  const now = frame.run.context.now()
  const due = now + retryDelay(frame, policy, retries + 1, key)
  const { duration } = policy.limit ?? {}
  if (duration !== undefined && due > since + frame.duration(duration, '/catch/retry/limit/duration'))
    return false
  const part = key.slice(frame.key.length)
  if (due > now) await frame.sleep(due, `${part}/delay`)
  else if (frame.run.count()) await frame.sleep(now, `${part}/breath`)
  frame.run.report({ kind: 'task.retried', attempt: retries + 1, task: frame.pointer, key: frame.key })
  return true
}

/** `catch.do` gets the task's transformed input, and the error in its variable; `catch.then` says where to go on. */
async function handle(frame: Frame, clause: Catch, problem: Problem): Promise<Json> {
  if (clause.then !== undefined) frame.then = clause.then
  if (!clause.do) return frame.input
  const list = frame.node.list('/catch/do', clause.do)
  const within = inside(frame, { locals: bindError(frame, clause, problem) })
  return leave(frame, await frame.run.perform.list(list, `${frame.key}/catch/do`, frame.input, within))
}

function bindError(frame: Frame, clause: Catch, problem: Problem) {
  return binder(frame.locals, clause.as ?? 'error')(problem as Json)
}

function policyOf(frame: Frame, { retry }: Catch): RetryPolicy | undefined {
  return typeof retry === 'string' ? frame.run.program.used('retries', retry) : retry
}
