/**
 * Where processes share what they know of targets. Rejects where it is away; then nothing was written, or what was
 * asked for may have been: whoever asks reads again.
 */
export interface SharedStore {
  /** The process is there from now on, for as long as `renew` says so before the time is over. */
  join(process: string, ms: number): Promise<void>
  /** `false`: it was not renewed in time, and others have taken what it had. `report` is for `reports`. */
  renew(process: string, ms: number, report: string): Promise<boolean>
  leave(process: string): Promise<void>
  /** What has changed after the time, by the store's clock. */
  look(after: number): Promise<{ now: number; states: StoredState[] }>
  /** One target, and who is there: a process that is not can never be there again. */
  read(key: string): Promise<{ now: number; alive: ReadonlySet<string>; stored: StoredState | undefined }>
  /** Puts `next` in the place of what `read` gave; `false` where something else is there by now. */
  write(before: StoredState | undefined, next: StoredState): Promise<boolean>
  /** Who is there. */
  present(): Promise<ReadonlySet<string>>
  /** What the other processes reported last. */
  reports(process: string): Promise<string[]>
  /** Calls `listener` soon after anything was written, by whomever. Returns how to stop. */
  onNews(listener: () => void): () => void
}

export interface StoredState {
  readonly key: string
  /** Rises with every change, and is about the time of it. */
  readonly version: number
  readonly state: string
}
