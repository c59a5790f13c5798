import { Cron } from 'croner'
import { milliseconds, type Json } from '../../workflow/index.ts'
import type { Workflow } from '../../workflow/definition/index.ts'

/**
 * How a schedule behaves where the specification is silent: `document.metadata.schedule`.
 * - `timezone`: of `cron`, an IANA name. Default UTC.
 * - `missed`: what becomes of times that passed while nothing ran: `skip`, `last` (one run, default) or `all`.
 * - `overlap`: what happens when a run is due while another one of the schedule is under way: `allow` (default),
 *   `skip`, or `queue` (one after the other).
 */
export interface SchedulePolicy {
  readonly timezone: string
  readonly missed: 'skip' | 'last' | 'all'
  readonly overlap: 'allow' | 'skip' | 'queue'
}

export function policyOf({ document }: Workflow): SchedulePolicy {
  const given = (document.metadata as { schedule?: { [key: string]: Json } } | undefined)?.schedule ?? {}
  const { timezone, missed, overlap } = given
  return {
    timezone: typeof timezone === 'string' ? timezone : 'UTC',
    missed: missed === 'skip' || missed === 'all' ? missed : 'last',
    overlap: overlap === 'skip' || overlap === 'queue' ? overlap : 'allow',
  }
}

/** The times of a schedule that repeats by the clock. Milliseconds since 1970, UTC. */
export interface Times {
  /** The first time after `time`, given one that is of the schedule. */
  after(time: number): number | undefined
  /** The last time at or before `time`, given an earlier one that is of the schedule. */
  lastUntil(time: number, known: number): number
}

/** dsl-reference.md, "Schedule": `every` counts on from its last time, `cron` follows the wall clock of its zone. */
export function timesOf(workflow: Workflow, policy: SchedulePolicy): Times | undefined {
  const { every, cron } = workflow.schedule ?? {}
  if (every !== undefined) return everyTimes(Math.max(milliseconds(every) ?? 0, 1))
  return cron === undefined ? undefined : cronTimes(cron, policy.timezone)
}

function everyTimes(interval: number): Times {
  return {
    after: (time) => time + interval,
    lastUntil: (time, known) => known + Math.floor((time - known) / interval) * interval,
  }
}

/**
 * When clocks go forward, a time that does not exist is taken at the moment of the change, so that a daily run is not
 * lost; when they go back, a fixed time comes once and a repeating one as often as the hours do (croner's rules, which
 * are those of Vixie cron).
 */
function cronTimes(pattern: string, timezone: string): Times {
  const cron = new Cron(pattern, { timezone, mode: '5-part', paused: true })
  return {
    after: (time) => cron.nextRun(new Date(time))?.getTime(),
    lastUntil(time, known) {
      // The reference itself is not among the previous times.
      const last = cron.previousRuns(1, new Date(time + 1000))[0]?.getTime() ?? known
      return last > time ? known : Math.max(last, known)
    },
  }
}
