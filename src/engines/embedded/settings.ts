/** How the embedded engine behaves. Times in milliseconds unless the name says otherwise. */
export interface EmbeddedSettings {
  /** Activities at work at the same time; further ones wait their turn. */
  readonly activityConcurrency: number
  /** Most bytes of one activity's result as JSON; more is a fault. */
  readonly maxResultBytes: number
  /** How long a run that only waits stays in memory. */
  readonly parkAfter: number
  /** A run that waits for nothing sooner than this leaves memory at once. */
  readonly parkAtOnceAfter: number
  /** Runs in memory that only wait; beyond, the longest idle one leaves. */
  readonly maxIdleRuns: number
  /** Runs that are being replayed at the same time. */
  readonly replayConcurrency: number
  /** How old an event that nobody consumed may be when a run that started after it listens for it. */
  readonly earlyEvents: number
  /** How long accepted events are kept, so that a repeated one is recognised. */
  readonly inboxRetention: number
  /** How long ended runs are kept, in days. */
  readonly runRetentionDays: number
  /** How often it is looked for stuck runs. */
  readonly watchEvery: number
  /** An activity that takes longer than this, and a run that does not move for so long, are stuck. */
  readonly stuckAfter: number
  /** Runs within one another, by `run: workflow`. */
  readonly maxChildDepth: number
  /** Runs that `missed: all` starts at most for one schedule after an outage. */
  readonly maxMissedRuns: number
}

const hour = 3_600_000

export const defaultSettings: EmbeddedSettings = {
  activityConcurrency: 100,
  maxResultBytes: 10_000_000,
  parkAfter: 2000,
  parkAtOnceAfter: 60_000,
  maxIdleRuns: 1000,
  replayConcurrency: 50,
  earlyEvents: hour,
  inboxRetention: 7 * 24 * hour,
  runRetentionDays: 90,
  watchEvery: 60_000,
  stuckAfter: hour,
  maxChildDepth: 32,
  maxMissedRuns: 1000,
}
