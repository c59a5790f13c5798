/** How every engine behaves. Times in milliseconds unless the name says otherwise. */
export interface EngineSettings {
  /** Activities at work at the same time in this process; further ones wait their turn, or go to another worker. */
  readonly activityConcurrency: number
  /** Most bytes of one activity's result as JSON; more is a fault. */
  readonly maxResultBytes: number
  /** Runs within one another, by `run: workflow`. */
  readonly maxChildDepth: number
  /** How old an event that nobody consumed may be when a run that started after it listens for it. */
  readonly earlyEvents: number
  /** How long accepted events are kept, so that a repeated one is recognised. */
  readonly inboxRetention: number
  /** How long ended runs are kept, in days. */
  readonly runRetentionDays: number
  /** Runs that `missed: all` starts at most for one schedule after an outage. */
  readonly maxMissedRuns: number
  /** How often it is looked for stuck runs. */
  readonly watchEvery: number
  /** An activity that takes longer than this, and a run that does not move for so long, are stuck. */
  readonly stuckAfter: number
}

const hour = 3_600_000

export const defaultEngineSettings: EngineSettings = {
  activityConcurrency: 100,
  maxResultBytes: 10_000_000,
  maxChildDepth: 32,
  earlyEvents: hour,
  inboxRetention: 7 * 24 * hour,
  runRetentionDays: 90,
  maxMissedRuns: 1000,
  watchEvery: 60_000,
  stuckAfter: hour,
}
