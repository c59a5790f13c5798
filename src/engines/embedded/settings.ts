import { defaultEngineSettings, type EngineSettings } from '../records/settings.ts'

/** How the embedded engine behaves, beside what all engines have. Times in milliseconds. */
export interface EmbeddedSettings extends EngineSettings {
  /** How long a run that only waits stays in memory. */
  readonly parkAfter: number
  /** A run that waits for nothing sooner than this leaves memory at once. */
  readonly parkAtOnceAfter: number
  /** Runs in memory that only wait; beyond, the longest idle one leaves. */
  readonly maxIdleRuns: number
  /** Runs that are being replayed at the same time. */
  readonly replayConcurrency: number
}

export const defaultSettings: EmbeddedSettings = {
  ...defaultEngineSettings,
  parkAfter: 2000,
  parkAtOnceAfter: 60_000,
  maxIdleRuns: 1000,
  replayConcurrency: 50,
}
