/** How far a process may go. What is not given has the default. */
export interface ProcessSettings {
  /** Longest time that a process may take, in milliseconds. Default 1 hour. */
  readonly timeLimitMs?: number
  /** Most bytes that are taken from standard output, and as many from standard error. Default 10 MB. */
  readonly maxOutputBytes?: number
  /** Most memory that a process and its children may hold, in bytes. Default 2 GiB. */
  readonly memoryBytes?: number
  /** How long a process may take to end after it was asked to, in milliseconds; then it is killed. Default 5 s. */
  readonly graceMs?: number
  /** Folders in which commands are looked for, by `:`. Default: that of Node.js and the system's usual ones. */
  readonly path?: string
}

export type ProcessLimits = Required<Omit<ProcessSettings, 'path'>>

export function processLimits(settings: ProcessSettings = {}): ProcessLimits {
  return {
    timeLimitMs: settings.timeLimitMs ?? 3_600_000,
    maxOutputBytes: settings.maxOutputBytes ?? 10_000_000,
    memoryBytes: settings.memoryBytes ?? 2 * 1024 ** 3,
    graceMs: settings.graceMs ?? 5000,
  }
}
