import {
  fault,
  isObject,
  problemOf,
  type ActivityCall,
  type Json,
  type Problem,
} from '../../workflow/index.ts'
import type { LiveRun } from './live-run.ts'
import type { Pending, Result } from './pending.ts'
import { requestFor } from './request.ts'

/** Begins an effect, once all that the run did before it is durable. Its result arrives at the run. */
export function begin(run: LiveRun, pending: Pending): void {
  const { request } = pending
  switch (request.kind) {
    case 'activity':
      return beginActivity(run, pending, request.call)
    case 'sleep':
      return beginSleep(run, pending, request.until)
    case 'event':
      pending.phase = 'waiting'
      run.core.inbox.listen(run, pending, request.filters)
      return run.probe(pending)
    case 'child':
      return void run.core.children.begin(run, pending, request.child)
  }
}

function beginSleep(run: LiveRun, pending: Pending, until: number): void {
  const { clock, timers } = run.core
  const arrive = () => run.arrive({ pending, result: { value: null } })
  pending.due = until
  pending.phase = 'waiting'
  if (until <= clock.now()) arrive()
  else pending.stop = timers.set(until, arrive)
}

function beginActivity(run: LiveRun, pending: Pending, call: ActivityCall): void {
  const { clock, timers, inbox, detached, gates } = run.core
  if (pending.gate !== undefined) {
    pending.phase = 'waiting'
    pending.stop = gates.wait(pending.gate, () => run.passed(pending))
    return
  }
  if (pending.due !== undefined && pending.due > clock.now()) {
    pending.phase = 'waiting'
    pending.stop = timers.set(pending.due, () => run.due(pending))
    return
  }
  pending.phase = 'working'
  if (call.kind === 'emit') {
    const result = emitted(call.input)
    if ('problem' in result) return run.arrive({ pending, result })
    const emits = () => inbox.row(run.sealer.conceal(result.value) as never, clock.now())
    return run.arrive({ pending, result, emits, durable: () => inbox.received() })
  }
  if (call.wait === false) {
    const { statement, durable } = detached.due(run, pending.key, call)
    return run.arrive({ pending, result: { value: null }, statement, durable })
  }
  const controller = new AbortController()
  pending.stop = () => controller.abort()
  void perform(run, pending, call, controller.signal)
}

async function perform(
  run: LiveRun,
  pending: Pending,
  call: ActivityCall,
  signal: AbortSignal,
): Promise<void> {
  const { key, attempt } = pending
  pending.beganAt = undefined
  const { core, row, start } = run
  const recorded: (() => void)[] = []
  const effect = { runId: row.id, key, attempt, secrets: start.secrets, signal }
  const whenRecorded = (then: () => void) => void recorded.push(then)
  const request = { ...requestFor(effect, call), whenRecorded }
  try {
    const value = await core.limiter.run(() => {
      pending.passing = false
      pending.beganAt = core.clock.now()
      return core.activities(request)
    }, signal)
    if (signal.aborted) return
    const result = bounded(value, core.settings.maxResultBytes)
    const kept = 'value' in result
    const durable = () => recorded.forEach((then) => then())
    run.arrive({ pending, result, secret: call.secret === true && kept, ...(kept && { durable }) })
  } catch (error) {
    if (signal.aborted) return
    const later = postponed(error, attempt, core.clock.now())
    if (later) return run.postpone(pending, later)
    run.arrive({ pending, result: { problem: problemFrom(error) } })
  }
}

/** As a replay will see it: what JSON does not carry is gone now already. */
function bounded(value: Json, most: number): Result {
  const text = JSON.stringify(value ?? null) as string | undefined
  if (text === undefined) return { value: null }
  if (text.length > most) {
    const detail = `The result has ${text.length} bytes as JSON; at most ${most} are kept. Pass a reference instead.`
    return { problem: fault('runtime', detail).problem }
  }
  return { value: JSON.parse(text) as Json }
}

function emitted(event: Json): Result {
  const wanting = ['id', 'source', 'type'].find(
    (name) => !isObject(event) || typeof event[name] !== 'string' || event[name] === '',
  )
  if (wanting === undefined) return { value: event }
  return { problem: fault('validation', `An event needs the attribute '${wanting}'.`).problem }
}

export interface Postponement {
  readonly until: number
  readonly attempt: number
  readonly reason: string
  readonly gate: string | undefined
}

/**
 * `Postponed` by its code: a class does not survive a thread. An activity that could not be carried out because this
 * installation could not (its database is away, this process ends) has not failed, and is put off as well.
 */
export function postponed(error: unknown, attempt: number, now: number): Postponement | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as { code?: unknown }
  if (code === 'SLUSE-POSTPONED') return error as unknown as Postponement
  if (typeof code !== 'string' || !ownTroubles.has(code)) return undefined
  return { until: now + ownTroublePause, attempt, reason: error.message, gate: undefined }
}

const ownTroubles: ReadonlySet<string> = new Set([
  'SLUSE-CLOSING',
  'SLUSE-STORE-FULL',
  'SLUSE-STORE-UNKNOWN',
  'SLUSE-STORE-UNREACHABLE',
])
const ownTroublePause = 1000

/** What was thrown, as problem details; never a stack. */
export function problemFrom(error: unknown): Problem {
  const known = problemOf(error)
  if (known) return known
  const message = error instanceof Error ? error.message : String(error)
  return fault('runtime', message).problem
}
