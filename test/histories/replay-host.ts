import { decodeItems, type FeedItem } from '../../src/history/index.ts'
import { derivedId } from '../../src/engines/records/ids.ts'
import { startOf } from '../../src/engines/records/start-of.ts'
import type { Host, Turning } from '../../src/engines/run/host.ts'
import { LiveRun } from '../../src/engines/run/live-run.ts'
import { sealerOf } from '../../src/engines/run/seal.ts'
import type { Outcome } from '../../src/engines/index.ts'
import { interpret, type Json, type LifecycleReport } from '../../src/workflow/index.ts'
import type { StoredJournal } from './stored.ts'

export interface Replayed {
  readonly outcome: Outcome | undefined
  /** What the interpreter told on the way. */
  readonly reports: readonly LifecycleReport[]
  /** The effects that it asked for. */
  readonly asked: ReadonlySet<string>
}

export function itemsOf({ run, journal }: StoredJournal, secrets: { [name: string]: Json }): FeedItem[][] {
  const sealer = sealerOf(run.seal, secrets)
  return journal.map((data) => decodeItems(sealer.read(data)))
}

/** Takes the run up from what was recorded up to a commit, in a world where nothing more happens. */
export async function replay(
  { run: row, workflow }: Pick<StoredJournal, 'run' | 'workflow'>,
  items: readonly FeedItem[],
  secrets: { [name: string]: Json },
): Promise<Replayed> {
  const reports: LifecycleReport[] = []
  const asked = new Set<string>()
  const ended: { as?: Outcome } = {}
  const due: Turning[] = []
  const never = () => new Promise<never>(() => {})
  const nothing = () => {}
  const host: Host = {
    // As at the last commit: what is due later is still waited for.
    clock: { now: () => items.at(-1)?.at ?? row.startedAt },
    log: nothing,
    interpret: (start, context, scope) => {
      const report = (one: LifecycleReport) => {
        reports.push(one)
        context.report(one)
      }
      const noted = { ...context, report }
      for (const effect of ['activity', 'sleep', 'event', 'child'] as const)
        noted[effect] = (key: string, ...rest: never[]) => {
          asked.add(key)
          return (context[effect] as (key: string, ...rest: never[]) => Promise<never>)(key, ...rest)
        }
      return interpret(start, noted, scope)
    },
    activities: never,
    settings: { maxResultBytes: Infinity },
    derivedId,
    turns: { schedule: (turning) => void due.push(turning) },
    timers: { set: () => nothing },
    commits: { add: (unit) => queueMicrotask(() => unit.durable?.()) },
    limiter: { run: (work) => work() },
    gates: { kept: false, wait: () => nothing, parked: nothing },
    inbox: {
      listen: nothing,
      next: async () => undefined,
      claim: () => nothing,
      row: () => [],
      received: nothing,
    },
    runs: { ready: nothing, left: nothing, ended: (_, outcome) => void (ended.as = outcome) },
    parking: { idle: nothing },
    standing: { leaves: false, active: () => [], parked: () => [], suspended: () => [], ended: () => [] },
    children: { begin: nothing },
    detached: { due: () => ({ statement: { sql: '', parameters: [] }, durable: nothing }) },
    schedules: { runEnded: () => [] },
  }
  const status = 'running'
  new LiveRun(host, {
    row: { ...row, status },
    start: startOf(row, { workflow }, items, secrets),
    sealer: sealerOf(row.seal, secrets),
    items,
  })
  for (let turning = due.shift(); turning; turning = due.shift()) {
    await new Promise((resolve) => setImmediate(resolve))
    turning.turn()
    await new Promise((resolve) => setImmediate(resolve))
    turning.rest()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { outcome: ended.as, reports, asked }
}
